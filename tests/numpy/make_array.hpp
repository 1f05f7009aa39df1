#pragma once

#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "joblib/numpy/array.hpp"

namespace joblib::test {

/// A C array with these elements.
template <class T>
detail::Array array_of(std::vector<std::size_t> shape, const std::vector<T>& elements) {
  auto array = detail::zeros(dtype::of<T>(), std::move(shape), Order::C);
  if (!elements.empty()) std::memcpy(array.data.get(), elements.data(), array.nbytes());
  return array;
}

/// 0, 1, 2, ... in C order.
template <class T>
detail::Array counted(std::vector<std::size_t> shape) {
  std::vector<T> elements(detail::checked_size(shape, sizeof(T)));
  T next{};
  for (T& element : elements) {
    element = next;
    next = static_cast<T>(next + T(1));
  }
  return array_of(std::move(shape), elements);
}

/// The axes in reverse, as numpy's `.T`.
inline detail::Array transposed(detail::Array array) {
  array.shape = {array.shape.rbegin(), array.shape.rend()};
  array.strides = {array.strides.rbegin(), array.strides.rend()};
  return array;
}

/// Every element `step` apart on an axis, backwards where it is negative, as `[::step]`.
inline detail::Array sliced(detail::Array array, std::size_t axis, std::ptrdiff_t step) {
  const std::size_t length = array.shape[axis];
  if (step < 0 && length > 0) {
    const auto last = static_cast<std::ptrdiff_t>(length - 1) * array.strides[axis];
    array.data = {array.data, array.data.get() + last};
  }
  const auto distance = static_cast<std::size_t>(step < 0 ? -step : step);
  array.shape[axis] = (length + distance - 1) / distance;
  array.strides[axis] *= step;
  return array;
}

/// The elements of a contiguous array as they lie in memory.
template <class T>
std::vector<T> elements_of(const detail::Array& array) {
  std::vector<T> elements(array.size());
  if (!elements.empty()) std::memcpy(elements.data(), array.data.get(), array.nbytes());
  return elements;
}

}  // namespace joblib::test
