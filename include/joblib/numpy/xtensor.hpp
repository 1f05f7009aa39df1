#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xstrided_view.hpp>

#include "joblib/numpy/ndarray.hpp"

namespace joblib {

/// A view of the elements as an xtensor expression, const where T is. It owns nothing: the array,
/// or a copy of its handle, must outlive it.
template <class T>
auto as_xtensor(const ndarray<T>& array) {
  using Shape = std::vector<std::size_t>;
  const Shape shape(array.shape().begin(), array.shape().end());
  std::vector<std::ptrdiff_t> strides = array.strides();

  // All elements, and what lies between them, from the lowest address on.
  std::ptrdiff_t before = 0;
  std::ptrdiff_t after = array.empty() ? 0 : 1;
  for (std::size_t axis = 0; axis < shape.size() && !array.empty(); ++axis) {
    const std::ptrdiff_t reach = static_cast<std::ptrdiff_t>(shape[axis] - 1) * strides[axis];
    reach < 0 ? before -= reach : after += reach;
  }
  const auto length = static_cast<std::size_t>(before + after);
  auto memory = xt::adapt(array.data() - before, length, xt::no_ownership(), std::array{length});

  const auto layout = array.is_contiguous(Order::C)   ? xt::layout_type::row_major
                      : array.is_contiguous(Order::F) ? xt::layout_type::column_major
                                                      : xt::layout_type::dynamic;
  return xt::xstrided_view<decltype(memory), Shape>(std::move(memory), shape, std::move(strides),
                                                    static_cast<std::size_t>(before), layout);
}

}  // namespace joblib
