#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <unordered_map>

#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// Python's ==, see Object. Shared and self-referring values take no more time than others. Throws
/// Error where values are nested too deeply.
bool equal(const Value& left, const Value& right);

/// Equal for equal values.
std::size_t hash_of(const Value& value);

/// Finds entries by their keys in constant time.
class DictIndex {
 public:
  explicit DictIndex(std::span<const Entry> entries);

  /// The value of the last entry with this key; null where there is none.
  using Equal = std::function<bool(const Value&, const Value&)>;
  const Value* find(const Value& key, const Equal& equal = detail::equal) const;

 private:
  std::unordered_multimap<std::size_t, const Entry*> entries_;
};

/// The same without an index.
const Value* find(std::span<const Entry> entries, const Value& key);

}  // namespace joblib::detail
