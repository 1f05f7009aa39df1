#pragma once

#include <cstddef>

#include "joblib/numpy/array.hpp"

namespace joblib::detail {

/// Converts elements as convert() does; also integers to any type of number, if these ones fit it:
/// numpy calls int64 to float64 safe, and int64 to uint64 not. False where they don't, and for
/// other types that aren't safe.
bool convert_exactly(const Array& from, const dtype& to, Order order, std::byte* target);

}  // namespace joblib::detail
