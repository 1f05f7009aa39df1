#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace joblib::detail {

/// A number as Python prints it: the shortest text that reads back the same, "1.5", "1e+16", "inf".
/// `itemsize` is that of numpy's floating-point types, in bytes: 2, 4, 8, or more for long double.
std::string format_real(long double number, std::size_t itemsize = sizeof(double));

/// A complex number as Python prints it, "(1+2.5j)".
std::string format_complex(long double real, long double imaginary,
                           std::size_t itemsize = sizeof(double));

/// Formats the numbers of one array as numpy does: all with the point at the same place, or all
/// with exponents of the same width.
class FloatFormat {
 public:
  /// `precision`: the most digits behind the point; `plus`: positive numbers have a sign, too.
  FloatFormat(std::span<const long double> numbers, std::size_t itemsize, int precision,
              bool plus = false);

  /// One of the numbers, with spaces on both sides of it.
  std::string operator()(long double number) const;

 private:
  std::string sign(long double number) const;
  void measure(std::span<const long double> finite);

  std::size_t itemsize_;
  int precision_;
  bool plus_;
  bool scientific_ = false;
  std::size_t left_ = 0, right_ = 0;  // characters before and behind the point
  std::size_t exponent_digits_ = 0;
};

}  // namespace joblib::detail
