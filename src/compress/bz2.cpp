// bzip2 files: one stream for each block of the library, one after the other.

#include <algorithm>
#include <new>
#include <utility>

#include <bzlib.h>

#include "block_sink.hpp"
#include "built_in.hpp"
#include "bz2_streams.hpp"

namespace joblib::detail {

namespace {

// The library takes what it only reads through pointers to bytes that it could change.
char* bz2_bytes(std::span<const std::byte> bytes) {
  return const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
}

class Bz2Format final : public BlockFormat {
 public:
  explicit Bz2Format(int level) : level_(level) {}

  // What fits into one block of the library, unless the data has many runs of just four bytes.
  std::size_t block_size() const override {
    return 100'000 * static_cast<std::size_t>(level_) - 32;
  }

  void encode(std::span<const std::byte> /*window*/, std::span<const std::byte> block,
              bool /*last*/, EncodedBlock& encoded) const override {
    bz_stream stream = {};
    if (BZ2_bzCompressInit(&stream, level_, 0, 0) != BZ_OK) throw std::bad_alloc();
    const std::size_t room = block.size() + block.size() / 100 + 600;  // as bzip2's manual says
    if (encoded.room.size() < room) encoded.room.resize(room);
    stream.next_in = bz2_bytes(block);
    stream.avail_in = static_cast<unsigned>(block.size());
    stream.next_out = bz2_bytes(encoded.room);
    stream.avail_out = static_cast<unsigned>(encoded.room.size());
    BZ2_bzCompress(&stream, BZ_FINISH);
    encoded.size = encoded.room.size() - stream.avail_out;
    BZ2_bzCompressEnd(&stream);
  }

 private:
  int level_;
};

class Bz2Decoder final : public Decoder {
 public:
  Bz2Decoder() { begin(); }
  ~Bz2Decoder() override { BZ2_bzDecompressEnd(&stream_); }
  Bz2Decoder(const Bz2Decoder&) = delete;
  Bz2Decoder& operator=(const Bz2Decoder&) = delete;

  CoderStep decode(std::span<const std::byte> input, std::span<std::byte> output,
                   bool /*last*/) override {
    const std::size_t room = std::min(output.size(), std::size_t{1} << 30);
    stream_.next_in = bz2_bytes(input);
    stream_.avail_in = static_cast<unsigned>(input.size());
    stream_.next_out = bz2_bytes(output);
    stream_.avail_out = static_cast<unsigned>(room);
    const int result = BZ2_bzDecompress(&stream_);
    const std::size_t consumed = input.size() - stream_.avail_in;
    if (result == BZ_MEM_ERROR) throw std::bad_alloc();
    if (result != BZ_OK && result != BZ_STREAM_END) throw DamagedData{consumed};
    return {consumed, room - stream_.avail_out, result == BZ_STREAM_END};
  }

  void restart() override {
    BZ2_bzDecompressEnd(&stream_);
    stream_ = {};
    begin();
  }

 private:
  void begin() {
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
  }

  bz_stream stream_ = {};
};

class Bz2Compressor final : public Compressor {
 public:
  using Compressor::Compressor;

 private:
  std::unique_ptr<ByteSink> do_compress(ByteSink& target, int level, int n_threads) const override {
    return std::make_unique<BlockSink>(target, std::make_unique<Bz2Format>(level), n_threads);
  }

  std::unique_ptr<ByteSource> do_decompress(ByteSource& source, int n_threads) const override {
    if (n_threads > 1) return std::make_unique<Bz2Streams>(source, n_threads);
    return std::make_unique<DecoderSource>(source, "bz2", "BZh", make_bz2_decoder());
  }
};

}  // namespace

std::unique_ptr<Decoder> make_bz2_decoder() { return std::make_unique<Bz2Decoder>(); }

std::shared_ptr<const Compressor> make_bz2() {
  return std::make_shared<Bz2Compressor>(
      Compressor::Format{.prefix = "BZ", .extension = ".bz2", .default_level = 9});
}

}  // namespace joblib::detail
