#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joblib::detail {

/// The UTF-8 of numpy's fixed-width text: 4 bytes for each character, padded with zeros.
std::string utf8_of_characters(std::span<const std::byte> characters);

/// The content of a literal of bytes as protocol 0 has it, e.g. 'it\'s\n'; empty if it is none.
std::optional<std::string> unquote(std::string_view literal);

/// The UTF-8 of what raw-unicode-escape means: \uXXXX, \UXXXXXXXX, and bytes as Latin-1.
std::optional<std::string> decode_raw_unicode_escape(std::string_view text);

/// Whether an integer of two's complement, little endian bytes is below 0; one of no bytes is 0.
bool is_negative(std::span<const std::byte> integer);
/// Makes x of -x, in as many two's complement, little endian bytes.
void negate(std::span<std::byte> integer);
/// The two's complement, little endian bytes of a decimal number; empty if it is none. Takes time
/// with the square of its length.
std::optional<std::vector<std::byte>> parse_integer(std::string_view decimal);
/// The decimal number of two's complement, little endian bytes.
std::string format_integer(std::span<const std::byte> bytes);

}  // namespace joblib::detail
