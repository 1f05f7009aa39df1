// xz files, with a CRC-64, and the older "LZMA alone" ones, without a checksum.

#include <lzma.h>

#include <algorithm>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "built_in.hpp"
#include "decoder.hpp"
#include "encoder.hpp"
#include "joblib/core/error.hpp"

namespace joblib::detail {

namespace {

enum class Container { xz, lzma };

constexpr std::uint64_t memory_limit = 256 << 20;  // of decompression

// Owns an lzma_stream and reports its errors.
class LzmaStream {
 public:
  LzmaStream() = default;
  ~LzmaStream() { lzma_end(&stream_); }
  LzmaStream(const LzmaStream&) = delete;
  LzmaStream& operator=(const LzmaStream&) = delete;

  lzma_stream* get() { return &stream_; }

  // Whether the stream ended.
  CoderStep code(std::span<const std::byte> input, std::span<std::byte> output,
                 lzma_action action) {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    stream_.avail_in = input.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream_.avail_out = output.size();
    const lzma_ret result = lzma_code(&stream_, action);
    const std::size_t consumed = input.size() - stream_.avail_in;
    if (result == LZMA_DATA_ERROR || result == LZMA_FORMAT_ERROR) throw DamagedData{consumed};
    if (result != LZMA_STREAM_END && result != LZMA_BUF_ERROR) check(result);
    return {consumed, output.size() - stream_.avail_out, result == LZMA_STREAM_END};
  }

  static void check(lzma_ret result) {
    switch (result) {
      case LZMA_OK:
        return;
      case LZMA_MEM_ERROR:
        throw std::bad_alloc();
      case LZMA_MEMLIMIT_ERROR:
        throw Error(
            errc::unsupported,
            "Decompressing this xz or lzma data takes more than 256 MiB of memory: compress "
            "it anew with a smaller dictionary.");
      default:
        throw Error(errc::unsupported,
                    "This liblzma lacks what the xz or lzma data needs, by its error number " +
                        std::to_string(result) + ": use a newer one.");
    }
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class LzmaEncoder final : public Encoder {
 public:
  LzmaEncoder(Container container, int level, int n_threads) {
    const auto preset = static_cast<std::uint32_t>(level);
    lzma_options_lzma options = {};
    lzma_lzma_preset(&options, preset);
    if (container == Container::lzma) {
      LzmaStream::check(lzma_alone_encoder(stream_.get(), &options));
    } else if (n_threads == 1) {
      LzmaStream::check(lzma_easy_encoder(stream_.get(), preset, LZMA_CHECK_CRC64));
    } else {
      lzma_mt threading = {};
      threading.threads = static_cast<std::uint32_t>(n_threads);
      threading.block_size = std::max<std::uint64_t>(options.dict_size, 1 << 20);
      threading.preset = preset;
      threading.check = LZMA_CHECK_CRC64;
      LzmaStream::check(lzma_stream_encoder_mt(stream_.get(), &threading));
    }
  }

  CoderStep encode(std::span<const std::byte> input, std::span<std::byte> output) override {
    return stream_.code(input, output, LZMA_RUN);
  }

  CoderStep end(std::span<std::byte> output) override {
    return stream_.code({}, output, LZMA_FINISH);
  }

 private:
  LzmaStream stream_;
};

class LzmaDecoder final : public Decoder {
 public:
  LzmaDecoder(Container container, int n_threads) : container_(container), n_threads_(n_threads) {
    restart();
  }

  CoderStep decode(std::span<const std::byte> input, std::span<std::byte> output,
                   bool last) override {
    return stream_.code(input, output, last ? LZMA_FINISH : LZMA_RUN);
  }

  void restart() override { LzmaStream::check(begin()); }

 private:
  lzma_ret begin() {
    if (container_ == Container::lzma) return lzma_alone_decoder(stream_.get(), memory_limit);
#if LZMA_VERSION >= UINT32_C(50040002)  // 5.4.0
    if (n_threads_ > 1) {
      lzma_mt threading = {};
      threading.threads = static_cast<std::uint32_t>(n_threads_);
      threading.memlimit_threading = memory_limit;
      threading.memlimit_stop = memory_limit;
      return lzma_stream_decoder_mt(stream_.get(), &threading);
    }
#endif
    return lzma_stream_decoder(stream_.get(), memory_limit, 0);
  }

  Container container_;
  int n_threads_;
  LzmaStream stream_;
};

class LzmaCompressor final : public Compressor {
 public:
  LzmaCompressor(Format format, Container container)
      : Compressor(std::move(format)), container_(container) {}

 private:
  std::unique_ptr<ByteSink> do_compress(ByteSink& target, int level, int n_threads) const override {
    return std::make_unique<EncoderSink>(
        target, std::make_unique<LzmaEncoder>(container_, level, n_threads));
  }

  std::unique_ptr<ByteSource> do_decompress(ByteSource& source, int n_threads) const override {
    using namespace std::string_view_literals;
    const bool xz = container_ == Container::xz;
    return std::make_unique<DecoderSource>(source, xz ? "xz" : "lzma",
                                           xz ? "\xfd"
                                                "7zXZ\0"sv
                                              : ""sv,
                                           std::make_unique<LzmaDecoder>(container_, n_threads));
  }

  Container container_;
};

}  // namespace

std::shared_ptr<const Compressor> make_lzma() {
  return std::make_shared<LzmaCompressor>(
      Compressor::Format{
          .prefix = std::string("\x5d\0", 2), .extension = ".lzma", .default_level = 6},
      Container::lzma);
}

std::shared_ptr<const Compressor> make_xz() {
  return std::make_shared<LzmaCompressor>(Compressor::Format{.prefix = "\xfd"
                                                                       "7zXZ",
                                                             .extension = ".xz",
                                                             .default_level = 6},
                                          Container::xz);
}

}  // namespace joblib::detail
