#pragma once

#include <cstddef>

#include "joblib/numpy/dtype.hpp"

namespace joblib::detail {

/// Bytes that are reversed together: of complex numbers a part, of text a character.
std::size_t swap_unit(const dtype& type) noexcept;

/// Reverses the bytes of each of `count` units.
void swap_units(std::byte* first, std::size_t unit, std::size_t count);

}  // namespace joblib::detail
