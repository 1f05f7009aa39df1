// zlib (RFC 1950) and gzip files (RFC 1952): a header, raw deflate, then big-endian Adler-32, or
// little-endian CRC-32 and size modulo 2^32.

#include "deflate.hpp"

#include <utility>

#include <zlib.h>

#include "built_in.hpp"

namespace joblib::detail {

namespace {

// ISA-L's level 2 is 5 to 20 times as fast as zlib's level 3, for files of 0.99 (random doubles) to
// 1.15 (doubles rounded to two decimals) times the size. Its level 3 makes files of numbers larger,
// and nothing in it comes near to zlib's levels above.
void encode_block(std::span<const std::byte> window, std::span<const std::byte> block, int level,
                  bool last, EncodedBlock& encoded) {
  if constexpr (has_isal) {
    if (level <= 3) return isal_encode(window, block, level == 1 ? 1 : 2, last, encoded);
  }
  zlib_encode(window, block, level, last, encoded);
}

std::uint32_t checksum(Wrapper wrapper, std::span<const std::byte> bytes) {
  if constexpr (has_isal) return isal_checksum(wrapper, bytes);
  return zlib_checksum(wrapper, bytes);
}

std::unique_ptr<Decoder> make_decoder(Wrapper wrapper) {
  if constexpr (has_isal) return make_isal_decoder(wrapper);
  return make_zlib_decoder(wrapper);
}

std::vector<std::byte> header(Wrapper wrapper, int level) {
  const auto byte = [](int value) { return static_cast<std::byte>(value); };
  if (wrapper == Wrapper::zlib) {
    return {byte(0x78), byte(level == 1 ? 0x01 : level < 6 ? 0x5e : level == 6 ? 0x9c : 0xda)};
  }
  constexpr int unix_system = 3;
  std::vector<std::byte> bytes(10);  // no flags, no time
  bytes[0] = byte(0x1f);
  bytes[1] = byte(0x8b);
  bytes[2] = byte(Z_DEFLATED);
  bytes[8] = byte(level == 1 ? 4 : level == 9 ? 2 : 0);
  bytes[9] = byte(unix_system);
  return bytes;
}

class DeflateFormat final : public BlockFormat {
 public:
  DeflateFormat(Wrapper wrapper, int level) : wrapper_(wrapper), level_(level) {}

  std::size_t block_size() const override { return 1 << 19; }
  std::size_t window_size() const override { return deflate_window; }

  void encode(std::span<const std::byte> window, std::span<const std::byte> block, bool last,
              EncodedBlock& encoded) const override {
    encode_block(window, block, level_, last, encoded);
    encoded.checksum = checksum(wrapper_, block);
  }

  void add(const EncodedBlock& encoded, std::size_t block_size) override {
    const auto combine = wrapper_ == Wrapper::gzip ? &crc32_combine : &adler32_combine;
    checksum_ = static_cast<std::uint32_t>(
        combine(checksum_, encoded.checksum, static_cast<z_off_t>(block_size)));
    size_ += block_size;
  }

  std::vector<std::byte> trailer() const override {
    std::vector<std::byte> bytes;
    if (wrapper_ == Wrapper::zlib) {
      for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(std::byte(checksum_ >> shift));
    } else {
      for (const std::uint64_t value : {std::uint64_t{checksum_}, size_}) {
        for (int shift = 0; shift < 32; shift += 8) bytes.push_back(std::byte(value >> shift));
      }
    }
    return bytes;
  }

 private:
  Wrapper wrapper_;
  int level_;
  std::uint32_t checksum_ = wrapper_ == Wrapper::gzip ? 0 : 1;
  std::uint64_t size_ = 0;
};

class DeflateCompressor final : public Compressor {
 public:
  DeflateCompressor(Format format, Wrapper wrapper)
      : Compressor(std::move(format)), wrapper_(wrapper) {}

 private:
  std::unique_ptr<ByteSink> do_compress(ByteSink& target, int level, int n_threads) const override {
    target.write(header(wrapper_, level));
    return std::make_unique<BlockSink>(target, std::make_unique<DeflateFormat>(wrapper_, level),
                                       n_threads);
  }

  std::unique_ptr<ByteSource> do_decompress(ByteSource& source, int /*n_threads*/) const override {
    const bool gzip = wrapper_ == Wrapper::gzip;
    return std::make_unique<DecoderSource>(source, gzip ? "gzip" : "zlib", gzip ? "\x1f\x8b" : "",
                                           make_decoder(wrapper_));
  }

  Wrapper wrapper_;
};

}  // namespace

std::shared_ptr<const Compressor> make_zlib() {
  return std::make_shared<DeflateCompressor>(
      Compressor::Format{.prefix = "x", .extension = ".z", .default_level = 3}, Wrapper::zlib);
}

std::shared_ptr<const Compressor> make_gzip() {
  return std::make_shared<DeflateCompressor>(
      Compressor::Format{.prefix = "\x1f\x8b", .extension = ".gz", .default_level = 3},
      Wrapper::gzip);
}

}  // namespace joblib::detail
