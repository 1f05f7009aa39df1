#include "joblib/core/detail/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace joblib::detail {
namespace {

// The length of the character at the front of `text`; 0 where there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return continues(1) ? 2 : 0;
  if (first < 0xf0) {
    if (!continues(1) || !continues(2) || (first == 0xe0 && byte(1) < 0xa0)) return 0;
    return 3;
  }
  if (first > 0xf4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) return 0;
  return 4;
}

// Whether Python prints a character beyond ASCII as it is: no space, no control or format
// character, no surrogate, none for private use. It doesn't know the ones that Unicode leaves
// unassigned.
bool is_printable(char32_t character) {
  static constexpr std::pair<char32_t, char32_t> others[] = {
      {0x80, 0xa0},       {0xad, 0xad},       {0x600, 0x605},   {0x61c, 0x61c},   {0x6dd, 0x6dd},
      {0x1680, 0x1680},   {0x180e, 0x180e},   {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
      {0x3000, 0x3000},   {0xd800, 0xf8ff},   {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff},
      {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};
  return std::ranges::none_of(others, [&](const auto& range) {
    return range.first <= character && character <= range.second;
  });
}

// n of a line feed, and so on; 0 for other characters.
char escape_letter(char character) {
  switch (character) {
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

// \x1f, \u2028, \U000e0001
void append_escape(std::string& out, char32_t character) {
  constexpr std::string_view digits = "0123456789abcdef";
  const int size = character < 0x100 ? 2 : character < 0x10000 ? 4 : 8;
  (out += '\\') += size == 2 ? 'x' : size == 4 ? 'u' : 'U';
  for (int digit = size; digit-- > 0;) out += digits[character >> (4 * digit) & 15];
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::uint64_t eight = 0;
    while (text.size() >= 8) {
      std::memcpy(&eight, text.data(), 8);
      if ((eight & 0x8080808080808080U) != 0) break;
      text.remove_prefix(8);
    }
    if (text.empty()) return true;
    const std::size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void append_utf8(std::string& text, char32_t character) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xc0 | character >> 6);
    put(0x80 | (character & 0x3f));
  } else if (character < 0x10000) {
    put(0xe0 | character >> 12);
    put(0x80 | (character >> 6 & 0x3f));
    put(0x80 | (character & 0x3f));
  } else {
    put(0xf0 | character >> 18);
    put(0x80 | (character >> 12 & 0x3f));
    put(0x80 | (character >> 6 & 0x3f));
    put(0x80 | (character & 0x3f));
  }
}

char32_t decode_character(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  char32_t result = first & (0xffU >> (character.size() + 1));
  for (const char byte : character.substr(1))
    result = result << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
  return result;
}

void append_quoted(std::string& out, std::string_view text, bool is_bytes, std::size_t most) {
  const bool has_apostrophe = text.find('\'') != text.npos && text.find('"') == text.npos;
  const char quote = has_apostrophe ? '"' : '\'';
  const std::size_t begin = out.size();
  out += quote;
  while (!text.empty() && out.size() - begin <= most) {
    const auto byte = static_cast<unsigned char>(text[0]);
    std::size_t length = 1;
    if (text[0] == quote || text[0] == '\\') {
      (out += '\\') += text[0];
    } else if (const char letter = escape_letter(text[0]); letter != 0) {
      (out += '\\') += letter;
    } else if (byte < 0x20 || byte == 0x7f || (is_bytes && byte >= 0x80)) {
      append_escape(out, byte);
    } else if (byte < 0x80) {
      out += text[0];
    } else {
      length = std::max<std::size_t>(character_length(text), 1);
      const char32_t character = decode_character(text.substr(0, length));
      if (is_printable(character)) {
        out += text.substr(0, length);
      } else {
        append_escape(out, character);
      }
    }
    text.remove_prefix(length);
  }
  out += quote;
}

}  // namespace joblib::detail
