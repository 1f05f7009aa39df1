#include "joblib/io/memory.hpp"

#include <algorithm>

namespace joblib::detail {

std::size_t MemorySource::read(std::span<std::byte> buffer) {
  const auto bytes = bytes_.first(std::min(buffer.size(), bytes_.size()));
  std::ranges::copy(bytes, buffer.begin());
  bytes_ = bytes_.subspan(bytes.size());
  return bytes.size();
}

std::uint64_t MemorySource::skip(std::uint64_t count) {
  const auto skipped = std::min<std::uint64_t>(count, bytes_.size());
  bytes_ = bytes_.subspan(skipped);
  return skipped;
}

void MemorySink::write(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void MemorySink::expect(std::uint64_t bytes) {
  if (bytes <= bytes_.capacity() - bytes_.size()) return;
  bytes_.reserve(std::max(bytes_.size() + bytes, 2 * bytes_.capacity()));
}

}  // namespace joblib::detail
