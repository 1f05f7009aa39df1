#include <algorithm>
#include <new>

#include <zlib.h>

#include "deflate.hpp"

namespace joblib::detail {

namespace {

// zlib takes what it only reads through pointers to bytes that it could change.
Bytef* zlib_bytes(std::span<const std::byte> bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

class ZlibDecoder final : public Decoder {
 public:
  explicit ZlibDecoder(Wrapper wrapper) {
    const int window_bits = wrapper == Wrapper::gzip ? 16 + MAX_WBITS : MAX_WBITS;
    if (inflateInit2(&stream_, window_bits) != Z_OK) throw std::bad_alloc();
  }
  ~ZlibDecoder() override { inflateEnd(&stream_); }
  ZlibDecoder(const ZlibDecoder&) = delete;
  ZlibDecoder& operator=(const ZlibDecoder&) = delete;

  CoderStep decode(std::span<const std::byte> input, std::span<std::byte> output,
                   bool /*last*/) override {
    const std::size_t room = std::min(output.size(), std::size_t{1} << 30);
    stream_.next_in = zlib_bytes(input);
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = zlib_bytes(output);
    stream_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    const std::size_t consumed = input.size() - stream_.avail_in;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      throw DamagedData{consumed};
    }
    return {consumed, room - stream_.avail_out, result == Z_STREAM_END};
  }

  void restart() override { inflateReset(&stream_); }

 private:
  z_stream stream_ = {};
};

}  // namespace

void zlib_encode(std::span<const std::byte> window, std::span<const std::byte> block, int level,
                 bool last, EncodedBlock& encoded) {
  z_stream stream = {};
  constexpr int default_memory_level = 8;
  if (deflateInit2(&stream, level, Z_DEFLATED, -MAX_WBITS, default_memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  constexpr std::size_t flush_size = 16;  // more than a sync flush takes
  const std::size_t room = deflateBound(&stream, block.size()) + flush_size;
  if (encoded.room.size() < room) encoded.room.resize(room);
  deflateSetDictionary(&stream, zlib_bytes(window), static_cast<uInt>(window.size()));
  stream.next_in = zlib_bytes(block);
  stream.avail_in = static_cast<uInt>(block.size());
  stream.next_out = zlib_bytes(encoded.room);
  stream.avail_out = static_cast<uInt>(encoded.room.size());
  deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH);
  encoded.size = stream.total_out;
  deflateEnd(&stream);
}

std::uint32_t zlib_checksum(Wrapper wrapper, std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(wrapper == Wrapper::gzip
                                        ? crc32_z(0, zlib_bytes(bytes), bytes.size())
                                        : adler32_z(1, zlib_bytes(bytes), bytes.size()));
}

std::unique_ptr<Decoder> make_zlib_decoder(Wrapper wrapper) {
  return std::make_unique<ZlibDecoder>(wrapper);
}

}  // namespace joblib::detail
