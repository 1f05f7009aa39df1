#pragma once

#include <Eigen/Core>
#include <string>
#include <type_traits>

#include "joblib/core/error.hpp"
#include "joblib/numpy/ndarray.hpp"

namespace joblib {

/// A view of the elements as an Eigen matrix, const where T is; an array of one axis is one column.
/// It owns nothing: the array, or a copy of its handle, must outlive it. Throws Error unless there
/// are one or two axes.
template <class T>
auto as_eigen(const ndarray<T>& array) {
  using Matrix = Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic>;
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  using Map = Eigen::Map<std::conditional_t<std::is_const_v<T>, const Matrix, Matrix>,
                         Eigen::Unaligned, Strides>;
  if (array.ndim() != 1 && array.ndim() != 2) {
    throw Error(errc::invalid_argument, "An array of " + std::to_string(array.ndim()) +
                                            " axes is no Eigen matrix: reshape it to two.");
  }
  const auto index = [](auto number) { return static_cast<Eigen::Index>(number); };
  const auto strides = array.strides();
  const bool is_matrix = array.ndim() == 2;
  return Map(array.data(), index(array.shape()[0]), is_matrix ? index(array.shape()[1]) : 1,
             Strides(is_matrix ? strides[1] : 0, strides[0]));
}

}  // namespace joblib
