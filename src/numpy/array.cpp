#include "joblib/numpy/array.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <numeric>
#include <string>
#include <utility>

#include "joblib/core/error.hpp"
#include "joblib/io/mapped_file.hpp"

namespace joblib::detail {

namespace {

constexpr std::size_t max_axes = 64;
constexpr std::size_t max_bytes = std::numeric_limits<std::ptrdiff_t>::max();
constexpr std::size_t element_alignment = 64;
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t mapped_from = 2 * huge_page;

[[noreturn]] void refuse_size(std::size_t bytes) {
  throw Error(errc::io_error,
              "There is no memory for an array of " + std::to_string(bytes) + " bytes.");
}

std::shared_ptr<std::byte> map_pages(std::size_t bytes) {
  if (bytes > max_bytes - 2 * huge_page) refuse_size(bytes);
  const std::size_t size = (bytes + huge_page - 1) / huge_page * huge_page;
  // One page more leaves room to align; what lies outside is given back.
  void* area =
      ::mmap(nullptr, size + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) refuse_size(bytes);
  auto* begin = static_cast<std::byte*>(area);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) % huge_page;
  if (before != 0) ::munmap(begin, before);
  ::munmap(begin + before + size, huge_page - before);
  begin += before;
  ::madvise(begin, size, MADV_HUGEPAGE);
  return {begin, [size](std::byte* first) { ::munmap(first, size); }};
}

}  // namespace

std::size_t Array::size() const noexcept {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

bool Array::is_contiguous(Order order) const noexcept {
  if (std::ranges::find(shape, 0U) != shape.end()) return true;
  auto expected = static_cast<std::ptrdiff_t>(type.itemsize());
  for (std::size_t i = 0; i < ndim(); ++i) {
    const std::size_t axis = order == Order::F ? i : ndim() - 1 - i;
    if (shape[axis] == 1) continue;
    if (strides[axis] != expected) return false;
    expected *= static_cast<std::ptrdiff_t>(shape[axis]);
  }
  return true;
}

bool Array::is_mapped() const noexcept { return file != nullptr && file->has_name(); }

std::size_t checked_size(std::span<const std::size_t> shape, std::size_t itemsize) {
  if (shape.size() > max_axes) {
    throw Error(errc::invalid_argument,
                "An array has at most 64 axes, not " + std::to_string(shape.size()) + ".");
  }
  std::size_t size = 1;
  bool empty = false;
  const std::size_t most = max_bytes / std::max<std::size_t>(itemsize, 1);
  for (const std::size_t length : shape) {
    empty |= length == 0;
    if (length == 0) continue;
    if (length > most / size) {
      throw Error(errc::invalid_argument,
                  "An array of " + std::to_string(length) + " times " + std::to_string(size) +
                      " or more elements does not fit into memory: its shape is wrong.");
    }
    size *= length;
  }
  return empty ? 0 : size;
}

std::vector<std::ptrdiff_t> contiguous_strides(std::span<const std::size_t> shape,
                                               std::size_t itemsize, Order order) {
  std::vector<std::ptrdiff_t> strides(shape.size(), 0);
  if (checked_size(shape, itemsize) == 0) return strides;
  auto stride = static_cast<std::ptrdiff_t>(itemsize);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t axis = order == Order::F ? i : shape.size() - 1 - i;
    strides[axis] = stride;
    stride *= static_cast<std::ptrdiff_t>(shape[axis]);
  }
  return strides;
}

void ask_for_huge_pages(void* memory, std::size_t bytes) noexcept {
  if (bytes < mapped_from) return;
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(memory) % huge_page;
  ::madvise(static_cast<std::byte*>(memory) + before, (bytes - before) / huge_page * huge_page,
            MADV_HUGEPAGE);
}

std::shared_ptr<std::byte> allocate_elements(std::size_t bytes) {
  if (bytes >= mapped_from) return map_pages(bytes);
  constexpr std::align_val_t aligned{element_alignment};
  void* first = ::operator new(std::max<std::size_t>(bytes, 1), aligned, std::nothrow);
  if (first == nullptr) refuse_size(bytes);
  return {static_cast<std::byte*>(first), [](std::byte* p) { ::operator delete(p, aligned); }};
}

Array zeros(dtype type, std::vector<std::size_t> shape, Order order) {
  Array array = {.type = std::move(type), .shape = std::move(shape)};
  array.strides = contiguous_strides(array.shape, array.type.itemsize(), order);
  array.data = allocate_elements(array.nbytes());
  if (array.nbytes() < mapped_from) std::memset(array.data.get(), 0, array.nbytes());
  return array;
}

Array map_array(std::shared_ptr<MappedFile> file, dtype type, std::vector<std::size_t> shape,
                Order order, std::uint64_t offset) {
  if (type.has_objects()) {
    throw Error(errc::unsupported,
                "An array of Python objects can't be mapped: load it without "
                "an mmap_mode.");
  }
  const std::size_t bytes = checked_size(shape, type.itemsize()) * type.itemsize();
  const auto all = file->bytes();
  if (offset > all.size() || bytes > all.size() - offset) {
    throw Error(errc::corrupt_data, "The file '" + file->path().string() + "' is cut off: it has " +
                                        std::to_string(all.size()) + " bytes, an array of " +
                                        std::to_string(bytes) + " bytes begins at byte " +
                                        std::to_string(offset) + ".");
  }
  Array array = {.type = std::move(type), .shape = std::move(shape)};
  array.strides = contiguous_strides(array.shape, array.type.itemsize(), order);
  array.writable = file->is_writable();
  array.file = file.get();
  array.data = {std::move(file), all.data() + offset};
  return array;
}

}  // namespace joblib::detail
