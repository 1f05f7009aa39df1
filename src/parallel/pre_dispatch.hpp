#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

namespace joblib::detail {

// No limit on what is taken from the range: "all".
inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

// The value of a pre_dispatch expression, at least 1. "all", or after replacing `n_jobs`, as in
// joblib: numbers, True, False, + - * / // % **, unary minus, parentheses, blanks; at most 30
// characters, no intermediate value above 10^6 in magnitude; the result is cut to an integer.
// Throws Error otherwise.
std::size_t evaluate_pre_dispatch(std::string_view expression, int n_jobs);

}  // namespace joblib::detail
