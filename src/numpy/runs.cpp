#include "runs.hpp"

#include <algorithm>
#include <cstring>

namespace joblib::detail {

namespace {

constexpr std::size_t piece_size = std::size_t{256} << 10;

template <std::size_t itemsize>
void copy_run_of(const std::byte* from, std::ptrdiff_t stride, std::size_t count, std::byte* to) {
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(to + i * itemsize, from + static_cast<std::ptrdiff_t>(i) * stride, itemsize);
  }
}

}  // namespace

std::vector<Axis> merged_axes(const Array& array, Order order) {
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < array.ndim(); ++i) {
    const std::size_t axis = order == Order::F ? i : array.ndim() - 1 - i;
    const std::size_t length = array.shape[axis];
    const std::ptrdiff_t stride = array.strides[axis];
    if (length == 1) continue;
    if (!axes.empty() &&
        axes.back().stride * static_cast<std::ptrdiff_t>(axes.back().length) == stride) {
      axes.back().length *= length;
    } else {
      axes.push_back({length, stride});
    }
  }
  if (axes.empty()) axes.push_back({1, static_cast<std::ptrdiff_t>(array.type.itemsize())});
  return axes;
}

void copy_run(const std::byte* from, std::ptrdiff_t stride, std::size_t count, std::size_t itemsize,
              std::byte* to) {
  if (stride == static_cast<std::ptrdiff_t>(itemsize)) {
    std::memcpy(to, from, count * itemsize);
    return;
  }
  switch (itemsize) {
    case 1:
      return copy_run_of<1>(from, stride, count, to);
    case 2:
      return copy_run_of<2>(from, stride, count, to);
    case 4:
      return copy_run_of<4>(from, stride, count, to);
    case 8:
      return copy_run_of<8>(from, stride, count, to);
    case 16:
      return copy_run_of<16>(from, stride, count, to);
    default:
      for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(to + i * itemsize, from + static_cast<std::ptrdiff_t>(i) * stride, itemsize);
      }
  }
}

Array copy(const Array& array, Order order) {
  const std::size_t itemsize = array.type.itemsize();
  Array result = {.type = array.type, .shape = array.shape};
  result.strides = contiguous_strides(array.shape, itemsize, order);
  result.data = allocate_elements(array.nbytes());
  std::byte* to = result.data.get();
  for_each_run(array, order, [&](const std::byte* from, std::ptrdiff_t stride, std::size_t count) {
    copy_run(from, stride, count, itemsize, to);
    to += count * itemsize;
  });
  return result;
}

void for_each_piece(const Array& array, Order order,
                    const std::function<void(std::span<const std::byte>)>& sink) {
  const std::size_t itemsize = array.type.itemsize();
  if (array.nbytes() == 0) return;
  if (array.is_contiguous(order)) return sink({array.data.get(), array.nbytes()});
  const std::size_t room = std::max<std::size_t>(piece_size / itemsize, 1);
  std::vector<std::byte> buffer(std::min(room, array.size()) * itemsize);
  std::size_t used = 0;
  for_each_run(array, order, [&](const std::byte* from, std::ptrdiff_t stride, std::size_t count) {
    while (count > 0) {
      const std::size_t part = std::min(count, buffer.size() / itemsize - used);
      copy_run(from, stride, part, itemsize, buffer.data() + used * itemsize);
      used += part;
      from += stride * static_cast<std::ptrdiff_t>(part);
      count -= part;
      if (used * itemsize < buffer.size()) continue;
      sink(buffer);
      used = 0;
    }
  });
  if (used > 0) sink({buffer.data(), used * itemsize});
}

}  // namespace joblib::detail
