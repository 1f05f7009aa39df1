#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// numpy's print options.
struct PrintOptions {
  int precision = 8;             // digits behind the point
  std::size_t threshold = 1000;  // arrays of more elements are summarized
  std::size_t edgeitems = 3;     // the first and last ones of each axis, there
};

/// The text of an object, of which only so many bytes matter.
using ObjectRepr = std::function<std::string(const Value& object, std::size_t most)>;

/// An array in memory as numpy prints it, "array([0., 1.])"; `repr` does so with the elements of an
/// array of objects. Of the text only `most` bytes matter: elements that come later may be missing.
std::string array_repr(const ArrayNode& node, const PrintOptions& options, std::size_t most,
                       const ObjectRepr& repr);

/// One of numpy's scalars as it prints it, "1.5", "numpy.datetime64('2020-01-01')"; `most` as
/// above.
std::string scalar_repr(const Array& scalar, const PrintOptions& options, std::size_t most);

}  // namespace joblib::detail
