#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "io/bytes.hpp"
#include "joblib/compress/compressor.hpp"
#include "joblib/core/error.hpp"
#include "joblib/io/memory.hpp"

namespace joblib_test {

inline const std::vector<std::string> all_formats = {"zlib", "gzip", "bz2", "lzma",
                                                     "xz",   "lz4",  "zstd"};

/// Whether this build of the library has the format.
inline bool is_built_in(const std::string& format) {
  joblib::detail::MemorySink nowhere;
  try {
    joblib::detail::find_compressor(format)->compress(nowhere, std::nullopt, 1);
  } catch (const joblib::Error& error) {
    if (error.code() == joblib::errc::unsupported) return false;
    throw;
  }
  return true;
}

/// Those that this build of the library has.
inline std::vector<std::string> formats() {
  std::vector<std::string> built_in;
  for (const std::string& format : all_formats) {
    if (is_built_in(format)) built_in.push_back(format);
  }
  return built_in;
}

struct CompressSettings {
  std::optional<int> level = {};  // unset: the quickest one
  int n_threads = 1;
  std::size_t step = 100'000;  // bytes of a write
};

inline Bytes compress(const std::string& format, std::span<const std::byte> bytes,
                      const CompressSettings& settings = {}) {
  joblib::detail::MemorySink target;
  const auto sink =
      joblib::detail::find_compressor(format)->compress(target, settings.level, settings.n_threads);
  write_all(*sink, bytes, settings.step);
  sink->finish();
  return target.take();
}

inline Bytes decompress(const std::string& format, std::span<const std::byte> bytes,
                        int n_threads = 1, std::size_t step = 100'000) {
  joblib::detail::MemorySource source(bytes);
  return read_all(*joblib::detail::find_compressor(format)->decompress(source, n_threads), step);
}

/// The text of the errc::corrupt_data that decompressing must throw.
inline std::string damage(const std::string& format, std::span<const std::byte> bytes,
                          int n_threads = 1) {
  try {
    decompress(format, bytes, n_threads);
  } catch (const joblib::Error& error) {
    CHECK(error.code() == joblib::errc::corrupt_data);
    return error.what();
  }
  FAIL("nothing thrown");
  return {};
}

/// Nothing compresses these. `size` is their seed too.
inline Bytes random_bytes(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

/// Like a table of numbers: most of the bytes repeat, some are random.
inline Bytes compressible_bytes(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i % 8 == 0 ? random() : i % 8 == 1 ? i / 800 : i % 8);
  }
  return bytes;
}

inline Bytes joined(Bytes first, std::span<const std::byte> second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace joblib_test
