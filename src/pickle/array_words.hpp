#pragma once

#include <string>
#include <vector>

#include "array_text.hpp"
#include "joblib/numpy/array.hpp"

namespace joblib::detail {

/// The elements of an array in the order of C, each as numpy prints it among the others; without
/// axes, alone. None of them is an object. Of all words together only `most` bytes matter: those of
/// elements that come later are missing.
std::vector<std::string> words_of(const Array& array, const PrintOptions& options,
                                  std::size_t most);

}  // namespace joblib::detail
