#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "array_text.hpp"
#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// Entries of dicts in the order in which pprint shows them: of their keys, or of the names of
/// their types where Python can't compare keys. Each key is there once.
class SortedDicts {
 public:
  std::span<const Entry> of(const Dict& dict);

 private:
  std::unordered_map<const Entry*, std::vector<Entry>> sorted_ = {};
};
std::vector<Entry> sorted_entries(std::span<const Entry> entries);

/// How values are printed in one line: as repr() does or, where there are `dicts`, as the lines of
/// pprint: keys are sorted, and lists, tuples and dicts in `levels` others are "[...]".
struct ReprStyle {
  PrintOptions arrays = {};
  SortedDicts* dicts = nullptr;
  std::size_t levels = 0;
};

/// Cut off after `most` bytes, at the end of a character; "..." follows there.
std::string represent(const Value& value, std::size_t most, const ReprStyle& style);

}  // namespace joblib::detail
