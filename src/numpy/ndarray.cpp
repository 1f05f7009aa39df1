#include "joblib/numpy/ndarray.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "joblib/core/error.hpp"
#include "joblib/io/mapped_file.hpp"

namespace joblib::detail {

namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(errc::invalid_argument, what); }

}  // namespace

void check_elements(const Array& array, const dtype& type, std::size_t alignment, bool written) {
  if (array.type != type) {
    refuse("An array of " + array.type.repr() + " can't be viewed as an ndarray of " + type.name() +
           ": convert it, or name its own type.");
  }
  if (written && !array.writable) {
    refuse("The elements of a read-only array can't be those of an ndarray of " + type.name() +
           ": take an ndarray of const elements, or load the file with mmap_mode c.");
  }
  const auto is_multiple = [&](std::ptrdiff_t stride) {
    return stride % static_cast<std::ptrdiff_t>(type.itemsize()) == 0;
  };
  if (reinterpret_cast<std::uintptr_t>(array.data.get()) % alignment != 0 ||
      !std::ranges::all_of(array.strides, is_multiple)) {
    refuse("The elements of an array of " + type.name() +
           " are not aligned as an ndarray needs them: copy it, or load it without an mmap_mode.");
  }
}

void check_span(const Array& array) {
  if (array.is_contiguous(Order::C) || array.is_contiguous(Order::F)) return;
  refuse("An array with gaps between its elements is no span: take the span of its copy().");
}

Array reshape(const Array& array, std::vector<std::size_t> shape) {
  const std::size_t size = checked_size(shape, array.type.itemsize());
  if (size != array.size()) {
    refuse("An array of " + std::to_string(array.size()) + " elements can't have a shape of " +
           std::to_string(size) + ".");
  }
  if (!array.is_contiguous(Order::C)) {
    refuse("An array that is not contiguous in C order can't be reshaped: reshape its copy().");
  }
  Array result = array;
  result.strides = contiguous_strides(shape, array.type.itemsize(), Order::C);
  result.shape = std::move(shape);
  return result;
}

Array adopt(dtype type, std::shared_ptr<std::byte> first, std::vector<std::size_t> shape,
            std::vector<std::ptrdiff_t> element_strides) {
  if (shape.size() != element_strides.size()) {
    refuse("An array of " + std::to_string(shape.size()) + " axes needs as many strides, not " +
           std::to_string(element_strides.size()) + ".");
  }
  checked_size(shape, type.itemsize());
  for (std::ptrdiff_t& stride : element_strides) {
    stride *= static_cast<std::ptrdiff_t>(type.itemsize());
  }
  return {std::move(type), std::move(shape), std::move(element_strides), std::move(first)};
}

std::vector<std::ptrdiff_t> element_strides(const Array& array) {
  std::vector<std::ptrdiff_t> strides = array.strides;
  for (std::ptrdiff_t& stride : strides) {
    stride /= static_cast<std::ptrdiff_t>(array.type.itemsize());
  }
  return strides;
}

std::ptrdiff_t offset_of(const Array& array, std::ptrdiff_t index) noexcept {
  std::ptrdiff_t offset = 0;
  for (std::size_t axis = array.ndim(); axis-- > 1;) {
    const auto length = static_cast<std::ptrdiff_t>(array.shape[axis]);
    offset += index % length * array.strides[axis];
    index /= length;
  }
  return offset + index * array.strides[0];
}

void flush(const Array& array) {
  if (!array.is_mapped() || array.nbytes() == 0) return;
  std::byte* first = array.data.get();
  std::byte* last = first;
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
    const auto reach = static_cast<std::ptrdiff_t>(array.shape[axis] - 1) * array.strides[axis];
    (reach < 0 ? first : last) += reach;
  }
  flush_mapped({first, last + array.type.itemsize()});
}

}  // namespace joblib::detail
