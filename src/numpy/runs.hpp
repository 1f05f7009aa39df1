#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "joblib/numpy/array.hpp"

namespace joblib::detail {

/// An axis of length above 1, its stride in bytes.
struct Axis {
  std::size_t length;
  std::ptrdiff_t stride;
};

/// The axes that go through the elements in this order, the fastest first: as few as possible, at
/// least one.
std::vector<Axis> merged_axes(const Array& array, Order order);

/// Calls run(first, stride, count) for all elements in this order: `count` of them, `stride` bytes
/// apart, at a time.
template <class Run>
void for_each_run(const Array& array, Order order, Run run) {
  if (array.size() == 0) return;
  const std::vector<Axis> axes = merged_axes(array, order);
  std::vector<std::size_t> index(axes.size(), 0);
  const std::byte* first = array.data.get();
  for (std::size_t axis = 0; axis < axes.size();) {
    run(first, axes[0].stride, axes[0].length);
    for (axis = 1; axis < axes.size(); ++axis) {
      first += axes[axis].stride;
      if (++index[axis] < axes[axis].length) break;
      first -= axes[axis].stride * static_cast<std::ptrdiff_t>(index[axis]);
      index[axis] = 0;
    }
  }
}

/// Copies `count` elements, `stride` bytes apart, to adjoining places.
void copy_run(const std::byte* from, std::ptrdiff_t stride, std::size_t count, std::size_t itemsize,
              std::byte* to);

}  // namespace joblib::detail
