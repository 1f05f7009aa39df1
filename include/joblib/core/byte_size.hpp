#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace joblib {

namespace detail {

[[noreturn]] void throw_negative_size(long long size);

}  // namespace detail

/// A number of bytes: an integer, or text as joblib reads it: a decimal number, then K, M or G
/// (powers of 1024), e.g. "50K", "1.5G"; blanks around the number are skipped, fractions of a byte
/// cut off. Throws Error for other text, negative numbers, and sizes of 2^64 bytes or more.
class ByteSize {
 public:
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  constexpr ByteSize(Integer bytes) : bytes_(static_cast<std::uint64_t>(bytes)) {
    if constexpr (std::signed_integral<Integer>) {
      if (bytes < 0) detail::throw_negative_size(bytes);
    }
  }
  ByteSize(std::string_view text);
  ByteSize(const std::string& text) : ByteSize(std::string_view(text)) {}
  ByteSize(const char* text) : ByteSize(std::string_view(text)) {}
  ByteSize(std::nullptr_t) = delete;

  constexpr std::uint64_t bytes() const noexcept { return bytes_; }

  friend constexpr auto operator<=>(const ByteSize&, const ByteSize&) = default;

 private:
  std::uint64_t bytes_;
};

}  // namespace joblib
