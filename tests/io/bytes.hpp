#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "joblib/io/byte_stream.hpp"

namespace joblib_test {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// All that is left, read `step` bytes at a time.
inline Bytes read_all(joblib::ByteSource& source, std::size_t step = 1 << 16) {
  Bytes all;
  Bytes buffer(step);
  while (const std::size_t count = source.read(buffer)) {
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return all;
}

/// Writes `bytes` in pieces of `step` bytes.
inline void write_all(joblib::ByteSink& sink, std::span<const std::byte> bytes, std::size_t step) {
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(step, bytes.size()))) {
    sink.write(bytes.first(std::min(step, bytes.size())));
  }
}

}  // namespace joblib_test
