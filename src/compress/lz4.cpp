// LZ4 frames of linked blocks, with a checksum of the content.

#include <utility>

#include "built_in.hpp"

#ifdef JOBLIB_WITH_LZ4

#include <lz4frame.h>

#include <algorithm>
#include <new>

#include "decoder.hpp"
#include "encoder.hpp"

#endif

namespace joblib::detail {

namespace {

Compressor::Format lz4_format() {
  return {.prefix = "\x04\x22\x4d\x18",
          .extension = ".lz4",
          .default_level = 0,
          .min_level = 0,
          .max_level = 16};
}

#ifdef JOBLIB_WITH_LZ4

struct FreeContext {
  void operator()(LZ4F_cctx* context) const { LZ4F_freeCompressionContext(context); }
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

class Lz4Encoder final : public Encoder {
 public:
  explicit Lz4Encoder(int level) {
    preferences_.frameInfo.blockMode = LZ4F_blockLinked;
    preferences_.frameInfo.blockSizeID = LZ4F_max256KB;
    preferences_.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    preferences_.compressionLevel = level;
    LZ4F_cctx* context = nullptr;
    checked(LZ4F_createCompressionContext(&context, LZ4F_VERSION));
    context_.reset(context);
  }

  // A piece of 128 KiB and a block that was held back take less than 512 KiB.
  CoderStep encode(std::span<const std::byte> input, std::span<std::byte> output) override {
    const auto piece = input.first(std::min(input.size(), std::size_t{1} << 17));
    const std::size_t header = begin(output);
    const auto room = output.subspan(header);
    const std::size_t size = checked(LZ4F_compressUpdate(context_.get(), room.data(), room.size(),
                                                         piece.data(), piece.size(), nullptr));
    return {piece.size(), header + size};
  }

  CoderStep end(std::span<std::byte> output) override {
    const std::size_t header = begin(output);
    const auto room = output.subspan(header);
    return {0,
            header + checked(LZ4F_compressEnd(context_.get(), room.data(), room.size(), nullptr)),
            true};
  }

 private:
  static std::size_t checked(std::size_t result) {
    if (LZ4F_isError(result)) throw std::bad_alloc();
    return result;
  }

  std::size_t begin(std::span<std::byte> output) {
    if (std::exchange(begun_, true)) return 0;
    return checked(LZ4F_compressBegin(context_.get(), output.data(), output.size(), &preferences_));
  }

  LZ4F_preferences_t preferences_ = {};
  std::unique_ptr<LZ4F_cctx, FreeContext> context_;
  bool begun_ = false;
};

class Lz4Decoder final : public Decoder {
 public:
  Lz4Decoder() {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) {
      throw std::bad_alloc();
    }
    context_.reset(context);
  }

  CoderStep decode(std::span<const std::byte> input, std::span<std::byte> output,
                   bool /*last*/) override {
    std::size_t consumed = input.size();
    std::size_t produced = output.size();
    const std::size_t result =
        LZ4F_decompress(context_.get(), output.data(), &produced, input.data(), &consumed, nullptr);
    if (LZ4F_isError(result)) throw DamagedData{consumed};
    return {consumed, produced, result == 0};
  }

  void restart() override { LZ4F_resetDecompressionContext(context_.get()); }

 private:
  std::unique_ptr<LZ4F_dctx, FreeContext> context_;
};

class Lz4Compressor final : public Compressor {
 public:
  using Compressor::Compressor;

 private:
  std::unique_ptr<ByteSink> do_compress(ByteSink& target, int level,
                                        int /*n_threads*/) const override {
    return std::make_unique<EncoderSink>(target, std::make_unique<Lz4Encoder>(level));
  }

  std::unique_ptr<ByteSource> do_decompress(ByteSource& source, int /*n_threads*/) const override {
    return std::make_unique<DecoderSource>(source, "lz4", "\x04\x22\x4d\x18",
                                           std::make_unique<Lz4Decoder>());
  }
};

#endif

}  // namespace

std::shared_ptr<const Compressor> make_lz4() {
#ifdef JOBLIB_WITH_LZ4
  return std::make_shared<Lz4Compressor>(lz4_format());
#else
  return make_missing("lz4", lz4_format(), "liblz4", "JOBLIB_WITH_LZ4");
#endif
}

}  // namespace joblib::detail
