#pragma once

#include <compare>
#include <cstddef>
#include <iterator>
#include <type_traits>

#include "joblib/numpy/array.hpp"

namespace joblib::detail {

/// Bytes from the first element to the one that C order counts as number `index`.
std::ptrdiff_t offset_of(const Array& array, std::ptrdiff_t index) noexcept;

/// Goes through the elements of an array of T in C order.
template <class T>
class ElementIterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = std::remove_const_t<T>;
  using difference_type = std::ptrdiff_t;
  using pointer = T*;
  using reference = T&;

  ElementIterator() = default;
  ElementIterator(const Array& array, std::ptrdiff_t index)
      : first_(array.data.get()),
        scattered_(array.is_contiguous(Order::C) ? nullptr : &array),
        index_(index) {}

  reference operator*() const noexcept { return (*this)[0]; }
  pointer operator->() const noexcept { return &(*this)[0]; }
  reference operator[](difference_type step) const noexcept {
    const std::ptrdiff_t index = index_ + step;
    return *reinterpret_cast<T*>(
        first_ + (scattered_ ? offset_of(*scattered_, index) : index * std::ptrdiff_t{sizeof(T)}));
  }

  ElementIterator& operator+=(difference_type step) noexcept {
    index_ += step;
    return *this;
  }
  ElementIterator& operator-=(difference_type step) noexcept { return *this += -step; }
  ElementIterator& operator++() noexcept { return *this += 1; }
  ElementIterator& operator--() noexcept { return *this += -1; }
  ElementIterator operator++(int) noexcept {
    const ElementIterator old = *this;
    ++*this;
    return old;
  }
  ElementIterator operator--(int) noexcept {
    const ElementIterator old = *this;
    --*this;
    return old;
  }

  friend ElementIterator operator+(ElementIterator it, difference_type step) { return it += step; }
  friend ElementIterator operator+(difference_type step, ElementIterator it) { return it += step; }
  friend ElementIterator operator-(ElementIterator it, difference_type step) { return it -= step; }
  friend difference_type operator-(const ElementIterator& left, const ElementIterator& right) {
    return left.index_ - right.index_;
  }
  friend bool operator==(const ElementIterator& left, const ElementIterator& right) {
    return left.index_ == right.index_;
  }
  friend auto operator<=>(const ElementIterator& left, const ElementIterator& right) {
    return left.index_ <=> right.index_;
  }

 private:
  std::byte* first_ = nullptr;
  const Array* scattered_ = nullptr;  // unless it is contiguous in C order
  std::ptrdiff_t index_ = 0;
};

}  // namespace joblib::detail
