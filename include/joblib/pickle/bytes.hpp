#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace joblib {

/// Bytes that are no text: Python's `bytes`.
class bytes : public std::vector<std::byte> {
 public:
  using std::vector<std::byte>::vector;
  explicit bytes(std::vector<std::byte> data) noexcept : vector(std::move(data)) {}
  explicit bytes(std::span<const std::byte> data) : vector(data.begin(), data.end()) {}
  explicit bytes(std::string_view data) : bytes(std::as_bytes(std::span(data))) {}
  explicit bytes(const char* data) : bytes(std::string_view(data)) {}

  /// The same bytes as text of whatever encoding.
  std::string_view view() const noexcept { return {reinterpret_cast<const char*>(data()), size()}; }
};

}  // namespace joblib
