#pragma once

#include <cstddef>
#include <string>

#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// See Object::repr.
std::string represent(const Value& value, std::size_t most);

}  // namespace joblib::detail
