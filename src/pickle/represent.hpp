#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "array_text.hpp"
#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// How values are printed in one line: as repr() does or, where `levels` are given, as the lines of
/// pprint: keys are sorted, and lists, tuples and dicts in more than so many others are "[...]".
struct ReprStyle {
  PrintOptions arrays = {};
  std::optional<std::size_t> levels = {};
};

/// Cut off after `most` bytes, at the end of a character; "..." follows there.
std::string represent(const Value& value, std::size_t most, const ReprStyle& style);

/// The entries of a dict in the order of its keys, each key once; as they are where Python can't
/// compare them.
std::vector<Entry> sorted_entries(std::span<const Entry> entries);

}  // namespace joblib::detail
