#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace joblib::detail {

/// Whether a byte of UTF-8 is the first one of a character.
inline bool begins_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

/// Characters of UTF-8.
inline std::size_t count_characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

/// At most so many of them.
inline std::string_view first_characters(std::string_view text, std::size_t count) noexcept {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (begins_character(text[end]) && count-- == 0) break;
  }
  return text.substr(0, end);
}

}  // namespace joblib::detail
