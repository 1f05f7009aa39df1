#pragma once

#include <cstddef>
#include <string>

#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// The full name of the value's class; of a global its own.
std::string class_name(const Value& value);

/// See Object::repr.
std::string represent(const Value& value, std::size_t most);

}  // namespace joblib::detail
