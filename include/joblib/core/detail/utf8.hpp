#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace joblib::detail {

/// Whether `text` is UTF-8, where lone surrogates count as characters (as Python's surrogatepass).
bool is_utf8(std::string_view text);

/// Appends the UTF-8 of a character, surrogates included.
void append_utf8(std::string& text, char32_t character);

/// What the UTF-8 of one character means.
char32_t decode_character(std::string_view character);

/// Appends text, or bytes without the b, in quotes as Python's repr() shows it; `most` bytes of
/// that matter.
void append_quoted(std::string& out, std::string_view text, bool is_bytes = false,
                   std::size_t most = std::string_view::npos);

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
