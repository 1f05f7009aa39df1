#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "joblib/numpy/dtype.hpp"

namespace joblib {

/// How elements lie in memory: C, the last index fastest, or Fortran, the first index fastest.
enum class Order : char { C = 'C', F = 'F' };

namespace detail {

class MappedFile;

/// An array of any type: where its elements are, and how to find them. Copies share the elements.
struct Array {
  dtype type = {};
  std::vector<std::size_t> shape = {};
  std::vector<std::ptrdiff_t> strides = {};  ///< bytes, one for each axis
  std::shared_ptr<std::byte> data = {};      ///< the first element; keeps all of them alive
  bool writable = true;
  /// The file whose elements they are, kept alive by `data`; null where they are in memory.
  const MappedFile* file = nullptr;

  /// Whether the elements are those of a file that others can open.
  bool is_mapped() const noexcept;
  std::size_t ndim() const noexcept { return shape.size(); }
  std::size_t size() const noexcept;  ///< elements; 1 without axes
  std::size_t nbytes() const noexcept { return size() * type.itemsize(); }
  /// Whether the elements lie in this order without gaps. Axes of length 1 may have any stride; an
  /// array without elements is contiguous in both orders.
  bool is_contiguous(Order order) const noexcept;
};

/// The number of elements. Throws Error where the array would have more than 64 axes or its bytes,
/// axes of length 0 left out, exceed PTRDIFF_MAX.
std::size_t checked_size(std::span<const std::size_t> shape, std::size_t itemsize);

/// The strides of an array without gaps, in bytes; all 0 where it has no elements, as in numpy.
/// Throws Error as checked_size does.
std::vector<std::ptrdiff_t> contiguous_strides(std::span<const std::size_t> shape,
                                               std::size_t itemsize, Order order);

/// "(2, 3)", "(2,)"
std::string tuple_text(std::span<const std::size_t> shape);

/// Uninitialized memory for `bytes`, at least 64-byte aligned; from 4 MiB on it asks for huge pages
/// and takes physical memory only where it is written. Throws Error where there is none.
std::shared_ptr<std::byte> allocate_elements(std::size_t bytes);

/// Asks for huge pages where so much memory, which somebody else owns, is about to be written for
/// the first time.
void ask_for_huge_pages(void* memory, std::size_t bytes) noexcept;

/// A new array of zero bytes without gaps.
Array zeros(dtype type, std::vector<std::size_t> shape, Order order);

/// An array whose elements are those of a file from `offset` on, without gaps. Throws Error where
/// they lie beyond its end, or are objects.
Array map_array(std::shared_ptr<MappedFile> file, dtype type, std::vector<std::size_t> shape,
                Order order, std::uint64_t offset);

/// A new array with the same elements without gaps.
Array copy(const Array& array, Order order);

/// Calls `sink` with all bytes in the given order, in pieces: one piece where they lie without
/// gaps, else from a buffer of at most 256 KiB or one element. None where there are no bytes.
void for_each_piece(const Array& array, Order order,
                    const std::function<void(std::span<const std::byte>)>& sink);

/// Whether numpy converts it with casting = "safe": between numbers, bools and complex numbers as
/// from int32 to float64, not from int64 to float32; from other types only to the same type.
bool is_safe_cast(const dtype& from, const dtype& to);

/// Converts elements, of either byte order, to native, contiguous memory in C or Fortran order,
/// which has room for all of them. Bools become 0 or 1. Throws Error unless is_safe_cast(from.type,
/// to) and `to` is the type of an ArrayElement.
void convert(const Array& from, const dtype& to, Order order, std::byte* target);

/// The same array in native byte order: all foreign parts, fields of structures included, swapped
/// in a new array, of Fortran order where it is contiguous in that only. Left as it is where there
/// are none, and where foreign fields overlap.
Array to_native(const Array& array);

}  // namespace detail
}  // namespace joblib
