#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace joblib::detail {

/// The number that the whole text is, in any locale; blanks around it and a plus sign are allowed,
/// as in Python. Empty for other text and what Number can't hold.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\r\f\v";
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return {};
  return number;
}

}  // namespace joblib::detail
