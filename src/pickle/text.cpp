#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
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

// The character of one piece of UTF-8.
char32_t decode(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  char32_t result = first & (0xffU >> (character.size() + 1));
  for (const char byte : character.substr(1))
    result = result << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
  return result;
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

// The hexadecimal number of `digits` digits at the front of `text`.
std::optional<char32_t> parse_hex(std::string_view text, std::size_t digits) {
  if (text.size() < digits) return {};
  std::uint32_t number = 0;
  const char* const end = text.data() + digits;
  const auto [stop, error] = std::from_chars(text.data(), end, number, 16);
  if (error != std::errc() || stop != end || number > 0x10ffff) return {};
  return number;
}

// Numbers of 32-bit digits, the least significant first.
using Digits = std::vector<std::uint32_t>;

void multiply_add(Digits& digits, std::uint32_t factor, std::uint32_t summand) {
  std::uint64_t carry = summand;
  for (std::uint32_t& digit : digits) {
    carry += static_cast<std::uint64_t>(digit) * factor;
    digit = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0) digits.push_back(static_cast<std::uint32_t>(carry));
}

// Divides in place and returns the remainder.
std::uint32_t divide(Digits& digits, std::uint32_t divisor) {
  std::uint64_t remainder = 0;
  for (std::size_t i = digits.size(); i-- > 0;) {
    remainder = remainder << 32 | digits[i];
    digits[i] = static_cast<std::uint32_t>(remainder / divisor);
    remainder %= divisor;
  }
  while (!digits.empty() && digits.back() == 0) digits.pop_back();
  return static_cast<std::uint32_t>(remainder);
}

}  // namespace

bool is_negative(std::span<const std::byte> integer) {
  return !integer.empty() && (integer.back() & std::byte{0x80}) != std::byte{0};
}

void negate(std::span<std::byte> integer) {
  unsigned carry = 1;
  for (std::byte& byte : integer) {
    carry += static_cast<unsigned>(~byte & std::byte{0xff});
    byte = static_cast<std::byte>(carry);
    carry >>= 8;
  }
}

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

std::string utf8_of_characters(std::span<const std::byte> characters) {
  std::string text;
  std::size_t padding = 0;
  for (std::size_t i = 0; i + 4 <= characters.size(); i += 4) {
    char32_t character = 0;
    std::memcpy(&character, characters.data() + i, sizeof(character));
    if (character == 0) {
      ++padding;
      continue;
    }
    text.append(std::exchange(padding, 0), '\0');
    append_utf8(text, std::min<char32_t>(character, 0x10ffff));
  }
  return text;
}

std::optional<std::string> unquote(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != literal.back()) return {};
  if (literal.front() != '\'' && literal.front() != '"') return {};
  literal = literal.substr(1, literal.size() - 2);
  std::string result;
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] != '\\') {
      result += literal[i];
      continue;
    }
    if (++i == literal.size()) return {};
    constexpr std::string_view names = "\\'\"abfnrtv";
    constexpr std::string_view meanings = "\\'\"\a\b\f\n\r\t\v";
    if (const std::size_t named = names.find(literal[i]); named != names.npos) {
      result += meanings[named];
    } else if (literal[i] == 'x') {
      const std::optional<char32_t> byte = parse_hex(literal.substr(i + 1), 2);
      if (!byte) return {};
      result += static_cast<char>(*byte);
      i += 2;
    } else {
      return {};
    }
  }
  return result;
}

std::optional<std::string> decode_raw_unicode_escape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const bool is_escape = text[i] == '\\' && i + 1 < text.size();
    const std::size_t digits = !is_escape ? 0 : text[i + 1] == 'u' ? 4 : text[i + 1] == 'U' ? 8 : 0;
    if (digits == 0) {
      append_utf8(result, static_cast<unsigned char>(text[i++]));
      continue;
    }
    const std::optional<char32_t> character = parse_hex(text.substr(i + 2), digits);
    if (!character) return {};
    append_utf8(result, *character);
    i += 2 + digits;
  }
  return result;
}

std::optional<std::vector<std::byte>> parse_integer(std::string_view decimal) {
  const bool negative = decimal.starts_with('-');
  if (negative || decimal.starts_with('+')) decimal.remove_prefix(1);
  if (decimal.empty()) return {};
  Digits digits;
  for (const char character : decimal) {
    if (character < '0' || character > '9') return {};
    multiply_add(digits, 10, static_cast<std::uint32_t>(character - '0'));
  }
  std::vector<std::byte> bytes;
  for (const std::uint32_t digit : digits) {
    for (int shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<std::byte>(digit >> shift));
  }
  bytes.push_back(std::byte{0});
  if (negative) negate(bytes);
  return bytes;
}

std::string format_integer(std::span<const std::byte> bytes) {
  std::vector<std::byte> magnitude(bytes.begin(), bytes.end());
  const bool negative = is_negative(bytes);
  if (negative) negate(magnitude);
  Digits digits((magnitude.size() + 3) / 4);
  for (std::size_t i = 0; i < magnitude.size(); ++i)
    digits[i / 4] |= std::to_integer<std::uint32_t>(magnitude[i]) << (8 * (i % 4));
  std::string text;
  do {
    std::uint32_t nine = divide(digits, 1'000'000'000);
    for (int i = 0; i < 9; ++i, nine /= 10) text += static_cast<char>('0' + nine % 10);
  } while (!digits.empty());
  while (text.size() > 1 && text.back() == '0') text.pop_back();
  if (negative) text += '-';
  std::ranges::reverse(text);
  return text;
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
      const char32_t character = decode(text.substr(0, length));
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
