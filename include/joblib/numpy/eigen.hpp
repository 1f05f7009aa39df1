#pragma once

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

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

template <class T>
struct pickler;  // joblib/pickle/pickler.hpp

/// Eigen's matrices and arrays are arrays of numpy, in their own order: of one axis if the type is
/// that of a vector, else of two. They are read from arrays of one axis or two; Error for one that
/// doesn't have the rows and columns of the type.
template <class Matrix>
  requires std::derived_from<Matrix, Eigen::PlainObjectBase<Matrix>>
struct pickler<Matrix> {
  static constexpr bool copies_are_independent = true;
  using Scalar = typename Matrix::Scalar;

  static ndarray<const Scalar> to_state(const Matrix& matrix) {
    auto* const bytes = const_cast<std::byte*>(reinterpret_cast<const std::byte*>(matrix.data()));
    detail::Array array{.type = dtype::of<Scalar>()};
    array.data = std::shared_ptr<std::byte>(std::shared_ptr<std::byte>(), bytes);
    const auto extent = [](Eigen::Index number) { return static_cast<std::size_t>(number); };
    if (Matrix::IsVectorAtCompileTime) {
      array.shape = {extent(matrix.size())};
    } else {
      array.shape = {extent(matrix.rows()), extent(matrix.cols())};
    }
    array.strides = detail::contiguous_strides(array.shape, sizeof(Scalar),
                                               Matrix::IsRowMajor ? Order::C : Order::F);
    return ndarray<const Scalar>(std::move(array));
  }

  static Matrix from_state(const ndarray<const Scalar>& array) {
    const auto elements = as_eigen(array);
    const bool is_row = array.ndim() == 1 && Matrix::RowsAtCompileTime == 1;
    const Eigen::Index rows = is_row ? elements.cols() : elements.rows();
    const Eigen::Index columns = is_row ? elements.rows() : elements.cols();
    const auto fits = [](Eigen::Index number, Eigen::Index expected) {
      return expected == Eigen::Dynamic || expected == number;
    };
    if (!fits(rows, Matrix::RowsAtCompileTime) || !fits(columns, Matrix::ColsAtCompileTime)) {
      throw Error(errc::type_mismatch, "An array of " + std::to_string(rows) + " rows and " +
                                           std::to_string(columns) +
                                           " columns doesn't fit the Eigen type.");
    }
    Matrix matrix(rows, columns);
    if (is_row) {
      matrix.matrix() = elements.transpose();
    } else {
      matrix.matrix() = elements;
    }
    return matrix;
  }
};

}  // namespace joblib
