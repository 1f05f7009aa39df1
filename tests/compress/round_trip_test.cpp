#include <cstddef>

#include "compress/formats.hpp"

using namespace joblib_test;

TEST_CASE("Bytes of any number come back from every format, with any number of threads") {
  const auto format = GENERATE(from_range(formats()));
  const int n_threads = GENERATE(1, 2, 4);
  const std::size_t block = format == "bz2" ? 900'000 - 32 : 1 << 19;
  const std::size_t size =
      GENERATE_COPY(as<std::size_t>(), 0, 1, 2, 1000, block - 1, block, block + 1, 2 * block + 1);
  CAPTURE(format, n_threads, size);
  const Bytes bytes = compressible_bytes(size);
  const Bytes compressed = compress(format, bytes, {.n_threads = n_threads});
  CHECK(decompress(format, compressed, n_threads) == bytes);
  if (size > 1000) CHECK(compressed.size() < size / 2);
}

TEST_CASE("Random bytes come back from every format and take hardly more room") {
  const auto format = GENERATE(from_range(formats()));
  const int n_threads = GENERATE(1, 2);
  const std::size_t size = GENERATE(as<std::size_t>(), 1, 70'000, 3'000'000);
  CAPTURE(format, n_threads, size);
  const Bytes bytes = random_bytes(size);
  const Bytes compressed = compress(format, bytes, {.n_threads = n_threads});
  CHECK(decompress(format, compressed, n_threads) == bytes);
  CHECK(compressed.size() < size + size / 50 + 100);
}

TEST_CASE("Long runs come back from every format") {
  const auto format = GENERATE(from_range(formats()));
  CAPTURE(format);
  const Bytes zeros(4'000'000);
  CHECK(decompress(format, compress(format, zeros)) == zeros);
  Bytes runs_of_four(2'000'000);
  for (std::size_t i = 0; i < runs_of_four.size(); ++i) runs_of_four[i] = std::byte(i / 4 % 251);
  CHECK(decompress(format, compress(format, runs_of_four)) == runs_of_four);
}

TEST_CASE("Every level comes back") {
  const auto format = GENERATE(from_range(formats()));
  const auto& limits = joblib::detail::find_compressor(format)->format();
  const Bytes bytes = joined(compressible_bytes(100'000), random_bytes(1000));
  for (int level = limits.min_level; level <= limits.max_level; ++level) {
    CAPTURE(format, level);
    CHECK(decompress(format, compress(format, bytes, {.level = level})) == bytes);
  }
}

TEST_CASE("A higher level makes smaller files") {
  const auto format = GENERATE("zlib", "gzip", "xz");
  const Bytes bytes = compressible_bytes(100'000);
  CAPTURE(format);
  CHECK(compress(format, bytes, {.level = 9}).size() <
        compress(format, bytes, {.level = 1}).size());
}

TEST_CASE("Tiny writes and reads do as well") {
  const auto format = GENERATE(from_range(formats()));
  const int n_threads = GENERATE(1, 2);
  CAPTURE(format, n_threads);
  const Bytes bytes = compressible_bytes(3000);
  const Bytes compressed = compress(format, bytes, {.n_threads = n_threads, .step = 1});
  CHECK(decompress(format, compressed, n_threads, 1) == bytes);
}

TEST_CASE("The number of threads makes no difference to files of independent blocks") {
  const auto format = GENERATE("zlib", "gzip", "bz2");
  const Bytes bytes = compressible_bytes(2'000'000);
  const Bytes alone = compress(format, bytes);
  CHECK(compress(format, bytes, {.n_threads = 2}) == alone);
  CHECK(compress(format, bytes, {.n_threads = 3, .step = 12'345}) == alone);
}

TEST_CASE("Blocks of deflate refer to what stands before them") {
  const auto format = GENERATE("zlib", "gzip");
  const int level = GENERATE(1, 3, 6);
  CAPTURE(format, level);
  constexpr std::size_t block = 1 << 19;
  const Bytes first = random_bytes(block);
  const Bytes bytes = joined(first, std::span(first).last(30'000));
  const Bytes compressed = compress(format, bytes, {.level = level});
  CHECK(compressed.size() < block + 10'000);
  CHECK((decompress(format, compressed) == bytes));
}

TEST_CASE("Files begin with the prefix of their format") {
  const auto format = GENERATE(from_range(formats()));
  CAPTURE(format);
  const Bytes prefix = bytes_of(joblib::detail::find_compressor(format)->format().prefix);
  const Bytes compressed = compress(format, bytes_of("joblib"));
  REQUIRE(compressed.size() > prefix.size());
  CHECK(std::equal(prefix.begin(), prefix.end(), compressed.begin()));
}
