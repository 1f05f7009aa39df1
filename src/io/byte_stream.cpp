#include "joblib/io/byte_stream.hpp"

#include <algorithm>
#include <array>

namespace joblib {

std::uint64_t ByteSource::skip(std::uint64_t count) {
  std::array<std::byte, 1 << 14> unused{};
  std::uint64_t skipped = 0;
  while (skipped < count) {
    const std::size_t most =
        static_cast<std::size_t>(std::min<std::uint64_t>(unused.size(), count - skipped));
    const std::size_t got = read(std::span(unused).first(most));
    if (got == 0) break;
    skipped += got;
  }
  return skipped;
}

}  // namespace joblib
