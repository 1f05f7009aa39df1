#include "matrix.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xview.hpp>

namespace digits {

Matrix product(const Matrix& a, const Matrix& b) {
  assert(a.shape(1) == b.shape(0));
  const std::size_t columns = b.shape(1);
  Matrix result = xt::zeros<float>({a.shape(0), columns});
  for (std::size_t i = 0; i < a.shape(0); ++i) {
    float* const sums = &result(i, 0);
    for (std::size_t k = 0; k < a.shape(1); ++k) {
      const float factor = a(i, k);
      const float* const row = &b(k, 0);
      for (std::size_t j = 0; j < columns; ++j) sums[j] += factor * row[j];
    }
  }
  return result;
}

xt::xtensor<int, 1> largest_columns(const Matrix& matrix) {
  auto result = xt::xtensor<int, 1>::from_shape({matrix.shape(0)});
  for (std::size_t i = 0; i < matrix.shape(0); ++i) {
    const auto row = xt::row(matrix, static_cast<std::ptrdiff_t>(i));
    result(i) = static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return result;
}

}  // namespace digits
