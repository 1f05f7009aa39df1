#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joblib::detail {

/// Whether `text` is UTF-8, where lone surrogates count as characters (as Python's surrogatepass).
bool is_utf8(std::string_view text);

/// Appends the UTF-8 of a character, surrogates included.
void append_utf8(std::string& text, char32_t character);

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

/// Appends text, or bytes without the b, in quotes as Python prints it; `most` bytes of that
/// matter.
void append_quoted(std::string& out, std::string_view text, bool is_bytes,
                   std::size_t most = std::string_view::npos);

}  // namespace joblib::detail
