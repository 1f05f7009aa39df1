#pragma once

#include <xtensor/xtensor.hpp>

namespace digits {

using Matrix = xt::xtensor<float, 2>;

/// The matrix product of `a`, rows x inner, and `b`, inner x columns.
Matrix product(const Matrix& a, const Matrix& b);

/// The column of the largest element of each row, the first one among equals.
xt::xtensor<int, 1> largest_columns(const Matrix& matrix);

}  // namespace digits
