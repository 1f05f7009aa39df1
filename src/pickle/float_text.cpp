#include "float_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

namespace joblib::detail {
namespace {

// digits[0].digits[1]digits[2]... x 10^exponent
struct Decimal {
  std::string digits;
  int exponent;
};

Decimal parse(std::string_view scientific) {
  const std::size_t e = scientific.find('e');
  Decimal decimal{.digits = std::string(scientific.substr(0, e)), .exponent = 0};
  std::erase(decimal.digits, '.');
  const std::string_view exponent = scientific.substr(e + (scientific[e + 1] == '+' ? 2 : 1));
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), decimal.exponent);
  return decimal;
}

// Rounded to so many digits behind the point, ties to even; what is no long double is faster.
std::string rounded(long double magnitude, std::size_t itemsize, std::chars_format format,
                    int precision) {
  char buffer[64];
  const auto end =
      itemsize > sizeof(double)
          ? std::to_chars(buffer, buffer + sizeof(buffer), magnitude, format, precision).ptr
          : std::to_chars(buffer, buffer + sizeof(buffer), static_cast<double>(magnitude), format,
                          precision)
                .ptr;
  return {buffer, end};
}

// The fewest digits that are closer to this number than to any other that numpy keeps in 2 bytes.
std::string shortest_half(double magnitude) {
  int exponent = 0;
  const bool is_power = std::frexp(magnitude, &exponent) == 0.5;
  constexpr int digits = 11, smallest_exponent = -24;
  const double step = std::ldexp(1.0, std::max(exponent - digits, smallest_exponent));
  const double above = step / 2;
  const double below = is_power && exponent - digits > smallest_exponent ? step / 4 : above;
  const bool takes_ties = std::fmod(magnitude / step, 2) == 0;
  const auto is_closest = [&](double other) {
    const double error = other - magnitude;
    return takes_ties ? -below <= error && error <= above : -below < error && error < above;
  };
  for (int precision = 0;; ++precision) {
    const auto digits_of = [&](double number) {
      return rounded(number, sizeof(double), std::chars_format::scientific, precision);
    };
    std::string text = digits_of(magnitude);
    double read = 0;
    std::from_chars(text.data(), text.data() + text.size(), read);
    if (is_closest(read)) return text;
    // Above a power of 2 numbers are twice as far away as below it.
    const double next = read + std::pow(10.0, parse(text).exponent - precision);
    if (is_power && is_closest(next)) return digits_of(next);
  }
}

// The fewest digits that read back as the same number.
Decimal shortest(long double magnitude, std::size_t itemsize) {
  if (magnitude == 0) return {.digits = "0", .exponent = 0};
  if (itemsize == 2) return parse(shortest_half(static_cast<double>(magnitude)));
  char buffer[64];
  const auto text = [&](auto number) {
    const auto [end, error] =
        std::to_chars(buffer, buffer + sizeof(buffer), number, std::chars_format::scientific);
    return std::string_view(buffer, end);
  };
  if (itemsize == sizeof(float)) return parse(text(static_cast<float>(magnitude)));
  if (itemsize == sizeof(double)) return parse(text(static_cast<double>(magnitude)));
  return parse(text(magnitude));
}

// "12.5", "100.", "0.001"
std::string positional(const Decimal& decimal) {
  std::string text = decimal.digits;
  if (decimal.exponent < 0)
    return "0." + std::string(static_cast<std::size_t>(-decimal.exponent - 1), '0') + text;
  const auto whole = static_cast<std::size_t>(decimal.exponent) + 1;
  if (text.size() < whole) text.append(whole - text.size(), '0');
  return text.insert(whole, ".");
}

// "+05" of 5
std::string exponent_text(int exponent, std::size_t digits) {
  const std::string number = std::to_string(std::abs(exponent));
  return (exponent < 0 ? '-' : '+') + std::string(digits - std::min(digits, number.size()), '0') +
         number;
}

// How many digits of the number come behind the point.
int digits_behind_point(const Decimal& decimal) {
  return static_cast<int>(decimal.digits.size()) - 1 - decimal.exponent;
}

// At most `precision` digits behind the point: as few as tell the number from its neighbours, or
// the number rounded. All digits before the point are the number's own.
std::string positional(long double magnitude, std::size_t itemsize, int precision) {
  const Decimal decimal = shortest(magnitude, itemsize);
  if (digits_behind_point(decimal) < 0)
    return rounded(magnitude, itemsize, std::chars_format::fixed, 0) + '.';
  if (digits_behind_point(decimal) <= precision) return positional(decimal);
  std::string text = rounded(magnitude, itemsize, std::chars_format::fixed, precision);
  return text.erase(text.find_last_not_of('0') + 1);
}

// The same before the exponent.
Decimal scientific(long double magnitude, std::size_t itemsize, int precision) {
  Decimal decimal = shortest(magnitude, itemsize);
  if (static_cast<int>(decimal.digits.size()) - 1 <= precision) return decimal;
  decimal = parse(rounded(magnitude, itemsize, std::chars_format::scientific, precision));
  decimal.digits.erase(std::max<std::size_t>(decimal.digits.find_last_not_of('0') + 1, 1));
  return decimal;
}

// Whether numpy divides to more than 1000: in the precision of its type.
bool is_wide(long double largest, long double smallest, std::size_t itemsize) {
  if (itemsize == 2) return largest / smallest > 1000.25L;
  if (itemsize == sizeof(float))
    return static_cast<float>(largest) / static_cast<float>(smallest) > 1000.0F;
  if (itemsize == sizeof(double))
    return static_cast<double>(largest) / static_cast<double>(smallest) > 1000.0;
  return largest / smallest > 1000.0L;
}

}  // namespace

std::string format_real(long double number, std::size_t itemsize) {
  if (std::isnan(number)) return "nan";
  const std::string sign = std::signbit(number) ? "-" : "";
  const long double magnitude = std::abs(number);
  if (std::isinf(number)) return sign + "inf";
  const Decimal decimal = shortest(magnitude, itemsize);
  if (magnitude == 0 || (magnitude >= 1e-4L && magnitude < 1e16L)) {
    const std::string text = sign + positional(decimal);
    return text.ends_with('.') ? text + '0' : text;
  }
  std::string digits = decimal.digits;
  if (digits.size() > 1) digits.insert(1, ".");
  return sign + digits + 'e' + exponent_text(decimal.exponent, 2);
}

std::string format_complex(long double real, long double imaginary, std::size_t itemsize) {
  const auto plain = [&](long double part) {
    std::string text = format_real(part, itemsize);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
  };
  std::string second = plain(imaginary) + 'j';
  if (real == 0 && !std::signbit(real)) return second;
  return '(' + plain(real) + (second[0] == '-' ? "" : "+") + second + ')';
}

FloatFormat::FloatFormat(std::span<const long double> numbers, std::size_t itemsize, int precision,
                         bool plus)
    : itemsize_(itemsize), precision_(precision), plus_(plus) {
  std::vector<long double> finite;
  std::ranges::copy_if(numbers, std::back_inserter(finite),
                       [](long double number) { return std::isfinite(number); });
  measure(finite);
  if (finite.size() == numbers.size()) return;
  const bool signed_inf = plus || std::ranges::any_of(numbers, [](long double number) {
                            return std::isinf(number) && number < 0;
                          });
  const std::size_t longest = signed_inf ? 4 : 3;  // -inf, or nan and inf
  left_ = std::max(left_, longest - std::min(longest, right_ + 1));
}

void FloatFormat::measure(std::span<const long double> finite) {
  long double largest = 0, smallest = 0;
  for (const long double number : finite) {
    const long double magnitude = std::abs(number);
    if (magnitude == 0) continue;
    largest = std::max(largest, magnitude);
    smallest = smallest == 0 ? magnitude : std::min(smallest, magnitude);
  }
  scientific_ =
      largest != 0 && (largest >= 1e8L || smallest < 1e-4 || is_wide(largest, smallest, itemsize_));
  std::size_t behind = 0;
  for (const long double number : finite) {
    if (scientific_) {
      const Decimal decimal = scientific(std::abs(number), itemsize_, precision_);
      left_ = std::max(left_, sign(number).size() + 1);
      behind = std::max(behind, decimal.digits.size() - 1);
      exponent_digits_ = std::max(exponent_digits_, exponent_text(decimal.exponent, 2).size() - 1);
    } else {
      const std::string text = positional(std::abs(number), itemsize_, precision_);
      left_ = std::max(left_, sign(number).size() + text.find('.'));
      behind = std::max(behind, text.size() - text.find('.') - 1);
    }
  }
  if (scientific_) precision_ = static_cast<int>(behind);
  right_ = scientific_ ? behind + 2 + exponent_digits_ : behind;
}

std::string FloatFormat::sign(long double number) const {
  return std::signbit(number) ? "-" : plus_ ? "+" : "";
}

std::string FloatFormat::operator()(long double number) const {
  const auto spaces = [](std::size_t width, std::size_t size) {
    return std::string(width - std::min(width, size), ' ');
  };
  if (!std::isfinite(number)) {
    const std::string text = std::isnan(number) ? plus_ ? "+nan" : "nan" : sign(number) + "inf";
    return spaces(left_ + right_ + 1, text.size()) + text;
  }
  const long double magnitude = std::abs(number);
  std::string text = sign(number);
  if (scientific_) {
    Decimal decimal = shortest(magnitude, itemsize_);
    if (static_cast<int>(decimal.digits.size()) - 1 != precision_)
      decimal = parse(rounded(magnitude, itemsize_, std::chars_format::scientific, precision_));
    text += decimal.digits.insert(1, ".") + 'e' + exponent_text(decimal.exponent, exponent_digits_);
  } else {
    text += positional(magnitude, itemsize_, precision_);
  }
  const std::size_t point = text.find('.');
  const std::size_t behind = text.size() - point - 1;
  return spaces(left_, point) + text + spaces(right_, behind);
}

}  // namespace joblib::detail
