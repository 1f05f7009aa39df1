#include <string>

#include "compress/formats.hpp"

using namespace joblib_test;
using Catch::Matchers::Contains;
using joblib::Error;

namespace {

Bytes text() {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "line " + std::to_string(i * i) + "\n";
  return bytes_of(text);
}

std::string decimal(std::size_t number) { return std::to_string(number); }

}  // namespace

TEST_CASE("A stream that is cut off anywhere is an error that says where") {
  const auto format = GENERATE(from_range(formats()));
  const int n_threads = GENERATE(1, 2);
  const Bytes compressed = compress(format, text());
  for (std::size_t size = 0; size < compressed.size(); ++size) {
    CAPTURE(format, n_threads, size, compressed.size());
    const std::string message = damage(format, std::span(compressed).first(size), n_threads);
    CHECK_THAT(message, Contains("The " + format + " data is cut off at byte " + decimal(size)));
  }
}

TEST_CASE("What comes before the damage is read") {
  const auto format = GENERATE(from_range(formats()));
  const int n_threads = GENERATE(1, 2);
  CAPTURE(format, n_threads);
  const Bytes bytes = random_bytes(2'000'000);
  Bytes compressed = compress(format, bytes);
  compressed.resize(compressed.size() - 4);
  joblib::detail::MemorySource source(compressed);
  const auto decompressed = joblib::detail::find_compressor(format)->decompress(source, n_threads);
  Bytes buffer(1'000'000);
  std::size_t read = 0;
  try {
    while (true) {
      const std::size_t count = decompressed->read(buffer);
      REQUIRE(count > 0);
      REQUIRE(std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count),
                         bytes.begin() + static_cast<std::ptrdiff_t>(read)));
      read += count;
    }
  } catch (const Error& error) {
    CHECK(error.code() == joblib::errc::corrupt_data);
  }
  CHECK(read >= 1'000'000);
}

TEST_CASE("A flipped bit is an error where there is a checksum, and never does harm") {
  const auto format = GENERATE(from_range(formats()));
  const int n_threads = GENERATE(1, 2);
  const Bytes bytes = text();
  const Bytes compressed = compress(format, bytes);
  std::size_t unnoticed = 0;
  for (std::size_t bit = 0; bit < 8 * compressed.size(); ++bit) {
    CAPTURE(format, n_threads, bit);
    Bytes flipped = compressed;
    flipped[bit / 8] ^= std::byte(1 << bit % 8);
    try {
      if (decompress(format, flipped, n_threads) != bytes) ++unnoticed;
    } catch (const Error&) {
    }
  }
  CAPTURE(format);
  if (format != "lzma") CHECK(unnoticed == 0);
}

TEST_CASE("Damage in the middle is an error that says where") {
  const auto format = GENERATE(from_range(formats()));
  CAPTURE(format);
  Bytes compressed = compress(format, compressible_bytes(1'000'000));
  for (std::size_t i = 0; i < 20; ++i) compressed[compressed.size() / 2 + i] = std::byte{0xff};
  CHECK_THAT(damage(format, compressed), Contains("The " + format + " data is damaged at byte "));
}

TEST_CASE("A wrong checksum at the end is an error") {
  const auto format = GENERATE("zlib", "gzip", "lz4", "zstd");
  if (!is_built_in(format)) return;
  CAPTURE(format);
  Bytes compressed = compress(format, text());
  const std::size_t last_of_checksum = std::string(format) == "gzip" ? 5 : 1;
  compressed[compressed.size() - last_of_checksum] ^= std::byte{1};
  CHECK_THAT(damage(format, compressed), Contains("damaged at byte"));
}

TEST_CASE("Streams that follow one another are read as one, across zero bytes too") {
  const auto format = GENERATE("gzip", "bz2", "xz", "lz4", "zstd");
  if (!is_built_in(format)) return;
  const Bytes first = compressible_bytes(1'200'000);
  const Bytes first_compressed = compress(format, first);
  const Bytes second = text();
  for (const std::size_t padding : {0, 4, 512, 1'000'000}) {
    for (const int n_threads : {1, 2}) {
      CAPTURE(format, n_threads, padding);
      Bytes compressed = joined(first_compressed, Bytes(padding));
      compressed = joined(compressed, compress(format, second));
      compressed = joined(compressed, compress(format, {}));
      CHECK(decompress(format, compressed, n_threads) == joined(first, second));

      compressed.resize(compressed.size() - 2);
      damage(format, compressed, n_threads);
    }
  }
}

TEST_CASE("Streams of every length may follow one another") {
  const auto format = GENERATE("gzip", "bz2", "xz", "lz4", "zstd");
  if (!is_built_in(format)) return;
  Bytes bytes;
  Bytes compressed;
  for (std::size_t size = 0; size < 100; ++size) {
    bytes = joined(bytes, random_bytes(size));
    compressed = joined(compressed, compress(format, random_bytes(size)));
  }
  CHECK(decompress(format, compressed) == bytes);
  CHECK(decompress(format, compressed, 1, 1) == bytes);
}

TEST_CASE("Other bytes after the end are ignored") {
  const auto format = GENERATE(from_range(formats()));
  const std::string rest = GENERATE("x", "trailing", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
  CAPTURE(format, rest);
  const Bytes compressed = compress(format, text());
  CHECK(decompress(format, joined(compressed, bytes_of(rest))) == text());
  CHECK(decompress(format, joined(compressed, Bytes(300'000))) == text());
  CHECK(decompress(format, joined(compressed, random_bytes(500'000)), 2) == text());
}

TEST_CASE("The first bytes of another stream alone are a stream that is cut off") {
  const auto format = GENERATE("gzip", "bz2", "xz", "lz4", "zstd");
  if (!is_built_in(format)) return;
  CAPTURE(format);
  const Bytes compressed = compress(format, text());
  damage(format, joined(compressed, std::span(compressed).first(1)));
}

TEST_CASE("Decompressing xz and lzma data takes a limited amount of memory") {
  // Headers that ask for a dictionary of 1 GiB.
  const Bytes lzma = joined(bytes_of(std::string("\x5d\x00\x00\x00\x40", 5)), Bytes(20));
  CHECK_THROWS_WITH(decompress("lzma", lzma), Contains("more than 256 MiB"));
}
