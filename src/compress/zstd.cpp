// Zstandard frames, with a checksum of the content.

#include "built_in.hpp"

#ifdef JOBLIB_WITH_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

#include <new>
#include <string>
#include <utility>

#include "decoder.hpp"
#include "encoder.hpp"
#include "joblib/core/error.hpp"

#endif

namespace joblib::detail {

namespace {

Compressor::Format zstd_format() {
  return {.prefix = "\x28\xb5\x2f\xfd",
          .extension = ".zst",
          .default_level = 3,
          .min_level = 1,
          .max_level = 22};
}

#ifdef JOBLIB_WITH_ZSTD

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdEncoder final : public Encoder {
 public:
  ZstdEncoder(int level, int n_threads) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_checksumFlag, 1);
    // A libzstd without threads refuses, and does it alone. Its own choice of jobs, four windows
    // each, takes more than three times the memory.
    if (n_threads > 1) {
      ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_nbWorkers, n_threads);
      ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_jobSize, 2 << 20);
    }
  }

  CoderStep encode(std::span<const std::byte> input, std::span<std::byte> output) override {
    return compress(input, output, ZSTD_e_continue);
  }

  CoderStep end(std::span<std::byte> output) override { return compress({}, output, ZSTD_e_end); }

 private:
  static std::size_t checked(std::size_t result) {
    if (!ZSTD_isError(result)) return result;
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
    throw Error(errc::unsupported, std::string("This libzstd can't compress like that: ") +
                                       ZSTD_getErrorName(result) + ".");
  }

  void set(ZSTD_cParameter parameter, int value) {
    checked(ZSTD_CCtx_setParameter(context_.get(), parameter, value));
  }

  CoderStep compress(std::span<const std::byte> input, std::span<std::byte> output,
                     ZSTD_EndDirective directive) {
    ZSTD_inBuffer in = {input.data(), input.size(), 0};
    ZSTD_outBuffer out = {output.data(), output.size(), 0};
    const std::size_t left = checked(ZSTD_compressStream2(context_.get(), &out, &in, directive));
    return {in.pos, out.pos, left == 0};
  }

  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
};

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
  }

  CoderStep decode(std::span<const std::byte> input, std::span<std::byte> output,
                   bool /*last*/) override {
    ZSTD_inBuffer in = {input.data(), input.size(), 0};
    ZSTD_outBuffer out = {output.data(), output.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    switch (ZSTD_getErrorCode(result)) {
      case ZSTD_error_no_error:
        return {in.pos, out.pos, result == 0};
      case ZSTD_error_memory_allocation:
        throw std::bad_alloc();
      case ZSTD_error_frameParameter_windowTooLarge:
        throw Error(errc::unsupported,
                    "Decompressing this zstd data takes a window of more than 128 MiB: compress it "
                    "anew without --ultra or --long.");
      default:
        throw DamagedData{in.pos};
    }
  }

  void restart() override { ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only); }

 private:
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
};

class ZstdCompressor final : public Compressor {
 public:
  using Compressor::Compressor;

 private:
  std::unique_ptr<ByteSink> do_compress(ByteSink& target, int level, int n_threads) const override {
    return std::make_unique<EncoderSink>(target, std::make_unique<ZstdEncoder>(level, n_threads));
  }

  std::unique_ptr<ByteSource> do_decompress(ByteSource& source, int /*n_threads*/) const override {
    return std::make_unique<DecoderSource>(source, "zstd", "\x28\xb5\x2f\xfd",
                                           std::make_unique<ZstdDecoder>());
  }
};

#endif

}  // namespace

std::shared_ptr<const Compressor> make_zstd() {
#ifdef JOBLIB_WITH_ZSTD
  return std::make_shared<ZstdCompressor>(zstd_format());
#else
  return make_missing("zstd", zstd_format(), "libzstd", "JOBLIB_WITH_ZSTD");
#endif
}

}  // namespace joblib::detail
