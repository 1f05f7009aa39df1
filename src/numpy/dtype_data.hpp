#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "joblib/numpy/dtype.hpp"

namespace joblib {

struct dtype::Data {
  Kind kind = Kind::raw;
  std::size_t itemsize = 0;
  std::size_t alignment = 1;
  char order = '|';
  TimeUnit unit = {"generic", 1};
  std::optional<std::vector<Field>> fields = {};  // of structures
  std::optional<SubArray> sub = {};
  bool aligned = false;
  bool record = false;
  // Of all parts together:
  bool native = true;
  bool objects = false;
  std::size_t parts = 1;  // types in the tree
  std::size_t depth = 1;
};

namespace detail {

// numpy counts the bytes of an element in a C int.
inline constexpr std::size_t max_itemsize = std::numeric_limits<int>::max();

constexpr bool is_number(dtype::Kind kind) {
  using enum dtype::Kind;
  return kind == boolean || kind == signed_integer || kind == unsigned_integer ||
         kind == floating || kind == complex;
}

}  // namespace detail
}  // namespace joblib
