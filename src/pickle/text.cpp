#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "joblib/core/detail/utf8.hpp"

namespace joblib::detail {
namespace {

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

}  // namespace joblib::detail
