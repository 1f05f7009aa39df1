#include "joblib/core/duration.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace joblib {

namespace {

// printf's "%.1f", but the same in every locale.
std::string one_decimal(double value) {
  if (std::isnan(value)) return "nan";
  std::array<char, std::numeric_limits<double>::max_exponent10 + 8> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 1).ptr;
  return {text.data(), end};
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

}  // namespace

std::string short_format_time(std::chrono::duration<double> time) {
  const double seconds = time.count();
  if (seconds > 60) return padded(one_decimal(seconds / 60), 4) + "min";
  return " " + padded(one_decimal(seconds), 5) + "s";
}

std::string format_time(std::chrono::duration<double> time) {
  const double seconds = time.count();
  return one_decimal(seconds) + "s, " + one_decimal(seconds / 60) + "min";
}

}  // namespace joblib
