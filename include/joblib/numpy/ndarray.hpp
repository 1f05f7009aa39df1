#pragma once

#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "joblib/numpy/array.hpp"
#include "joblib/numpy/detail/element_iterator.hpp"
#include "joblib/numpy/dtype.hpp"

namespace joblib {

namespace detail {

/// Throws Error unless the elements are of `type`, lie at multiples of `alignment` and of the
/// item's size from each other, and can be written where that is asked for.
void check_elements(const Array& array, const dtype& type, std::size_t alignment, bool written);

/// Throws Error unless it is contiguous in C or Fortran order.
void check_span(const Array& array);

/// The same elements with another shape. Throws Error unless it is contiguous in C order and has as
/// many of them.
Array reshape(const Array& array, std::vector<std::size_t> shape);

/// Throws Error unless there is one stride for each axis, and as checked_size does.
Array adopt(dtype type, std::shared_ptr<std::byte> first, std::vector<std::size_t> shape,
            std::vector<std::ptrdiff_t> element_strides);

std::vector<std::ptrdiff_t> element_strides(const Array& array);

/// Writes the elements back to their file; nothing where they aren't those of one.
void flush(const Array& array);

}  // namespace detail

/// An array of T with any number of axes, in memory or mapped from a file. It is a handle: copies
/// share the elements, as names do in numpy, and the last one frees them; copy() makes an array of
/// its own. Whether elements can be written says T: ndarray<double> converts to
/// ndarray<const double>, not back. T is an arithmetic type, std::complex or std::byte.
template <class T>
class ndarray {
  static_assert(detail::ArrayElement<std::remove_const_t<T>>,
                "the elements of an ndarray are arithmetic types, std::complex or std::byte");

 public:
  using element_type = T;
  using value_type = std::remove_const_t<T>;
  using iterator = detail::ElementIterator<T>;

  /// No elements, on one axis.
  ndarray() : array_{.type = dtype::of<value_type>(), .shape = {0}, .strides = {0}} {}

  /// All elements 0. Throws Error where memory can't hold them.
  explicit ndarray(std::vector<std::size_t> shape, Order order = Order::C)
    requires(!std::is_const_v<T>)
      : array_(detail::zeros(dtype::of<value_type>(), std::move(shape), order)) {}

  /// Shares the elements of an array of any type. Throws Error unless they are native and aligned
  /// ones of T, and writable where T is.
  template <std::same_as<detail::Array> AnyArray>
  explicit ndarray(AnyArray array) : array_(std::move(array)) {
    constexpr bool written = !std::is_const_v<T>;
    detail::check_elements(array_, dtype::of<value_type>(), alignof(T), written);
    array_.writable = written;
  }

  template <std::same_as<value_type> Writable>
    requires std::is_const_v<T>
  ndarray(const ndarray<Writable>& other) : array_(other.array()) {
    array_.writable = false;
  }

  /// The elements of a vector, on one axis; they are not copied.
  static ndarray adopt(std::vector<value_type> values)
    requires(!std::same_as<value_type, bool>)
  {
    auto owner = std::make_shared<std::vector<value_type>>(std::move(values));
    const std::size_t size = owner->size();
    T* first = owner->data();
    return adopt(std::shared_ptr<T>(std::move(owner), first), {size}, {1});
  }

  /// Elements that `first` keeps alive, with strides in elements. Throws Error unless there is one
  /// stride for each axis.
  static ndarray adopt(std::shared_ptr<T> first, const std::vector<std::size_t>& shape,
                       const std::vector<std::ptrdiff_t>& strides) {
    auto* bytes = reinterpret_cast<std::byte*>(const_cast<value_type*>(first.get()));
    return ndarray(detail::adopt(dtype::of<value_type>(),
                                 std::shared_ptr<std::byte>(std::move(first), bytes), shape,
                                 strides));
  }

  std::span<const std::size_t> shape() const noexcept { return array_.shape; }
  std::vector<std::ptrdiff_t> strides() const { return detail::element_strides(array_); }
  std::size_t ndim() const noexcept { return array_.ndim(); }
  std::size_t size() const noexcept { return array_.size(); }
  bool empty() const noexcept { return size() == 0; }
  bool is_contiguous(Order order) const noexcept { return array_.is_contiguous(order); }

  /// The element whose indices are all 0.
  T* data() const noexcept { return reinterpret_cast<T*>(array_.data.get()); }

  /// The element at one index for each axis, which are not checked.
  template <std::integral... Index>
  T& operator()(Index... index) const noexcept {
    assert(sizeof...(index) == ndim());
    [[maybe_unused]] auto stride = array_.strides.begin();
    std::ptrdiff_t offset = 0;
    ((offset += static_cast<std::ptrdiff_t>(index) * *stride++), ...);
    return *reinterpret_cast<T*>(array_.data.get() + offset);
  }

  /// Elements in C order, whatever their order in memory; valid while this handle is.
  iterator begin() const noexcept { return iterator(array_, 0); }
  iterator end() const noexcept { return iterator(array_, static_cast<std::ptrdiff_t>(size())); }

  /// Elements in the order of memory. Throws Error unless the array is contiguous in some order.
  std::span<T> span() const {
    detail::check_span(array_);
    return {data(), size()};
  }

  /// The same elements, shared, in another shape. Throws Error unless the array is contiguous in C
  /// order and has as many of them.
  ndarray reshape(std::vector<std::size_t> shape) const {
    return ndarray(detail::reshape(array_, std::move(shape)));
  }

  /// An independent array, without gaps and in memory.
  ndarray<value_type> copy(Order order = Order::C) const {
    return ndarray<value_type>(detail::copy(array_, order));
  }

  /// Whether the elements are those of a file.
  bool mapped() const noexcept { return array_.is_mapped(); }

  /// Writes the elements of a file's map back to it; nothing happens to other arrays. Throws Error.
  void flush() const
    requires(!std::is_const_v<T>)
  {
    detail::flush(array_);
  }

  const detail::Array& array() const noexcept { return array_; }

 private:
  detail::Array array_;
};

/// Whether shapes and elements are equal.
template <class Left, class Right>
  requires std::same_as<std::remove_const_t<Left>, std::remove_const_t<Right>>
bool operator==(const ndarray<Left>& left, const ndarray<Right>& right) {
  return std::ranges::equal(left.shape(), right.shape()) &&
         std::equal(left.begin(), left.end(), right.begin());
}

}  // namespace joblib
