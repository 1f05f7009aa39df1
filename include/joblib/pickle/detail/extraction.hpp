#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "joblib/numpy/array.hpp"
#include "joblib/pickle/detail/document.hpp"
#include "joblib/pickle/detail/mismatch.hpp"
#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// How deep values may be nested where they are walked through.
inline constexpr int most_nested = 1000;

[[noreturn]] void throw_mismatch(std::string_view expected, const Value& found);
[[noreturn]] void throw_missing(std::string_view key);
[[noreturn]] void throw_size(std::string_view expected, std::size_t expected_size,
                             std::size_t size);

/// The full name of the value's class; of a global its own.
std::string class_name(const Value& value);
/// See Object::repr.
std::string represent(const Value& value, std::size_t most);
/// As joblib shows an argument of a call: by pprint, large arrays summarized; of more than 1500
/// characters the first 700 and "...".
std::string pretty(const Value& value);
/// A short description for messages: "float", "numpy.ndarray of float64, shape (2, 3)".
std::string describe(const Value& value);
/// A step of a path.
std::string step(const Value& key);

/// What an extraction needs beside the value.
struct Extraction {
  std::shared_ptr<Document> document = nullptr;  // owns the value
  int file = -1;                                 // where arrays stay that are not read yet
  std::uint64_t budget = std::numeric_limits<std::uint64_t>::max();  // items that may still be made
  int depth = 0;
  // Owns what the document doesn't have, the items of arrays, and keeps the document.
  std::shared_ptr<Document> made = nullptr;

  /// To be called before so many items are made: values that are shared in a pickle are copied, and
  /// a small pickle may share itself into something huge. Throws Error.
  void spend(std::uint64_t items) {
    if (items > budget) throw_budget();
    budget -= items;
  }

 private:
  [[noreturn]] static void throw_budget();
};

/// One level of nesting. Throws Error where there are too many.
class Nesting {
 public:
  explicit Nesting(Extraction& extraction) : extraction_(extraction) {
    if (++extraction.depth > most_nested) throw_too_deep();
  }
  ~Nesting() { --extraction_.depth; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  [[noreturn]] static void throw_too_deep();

  Extraction& extraction_;
};

// Scalars: empty where the value is none of that kind, or would lose something.

std::optional<bool> to_bool(const Value& value);
std::optional<std::int64_t> to_signed(const Value& value);
std::optional<std::uint64_t> to_unsigned(const Value& value);
std::optional<double> to_real(const Value& value);
std::optional<long double> to_long_real(const Value& value);
struct ComplexParts {
  long double real, imaginary;
};
std::optional<ComplexParts> to_complex(const Value& value);
ComplexParts parts_of_complex(const Value& complex);          // of one that is none of numpy's
std::optional<std::string_view> to_text(const Value& value);  // str, or bytes of ASCII
std::optional<char32_t> to_character(const Value& value);
std::optional<std::span<const std::byte>> to_bytes(const Value& value);
/// Microseconds since 1970 of a datetime, or of a datetime64.
std::optional<std::int64_t> to_time_point(const Value& value);
/// Microseconds of a timedelta, or of a timedelta64.
std::optional<std::int64_t> to_duration(const Value& value);

// Containers: empty (or null) where the value is none of that kind.

/// Items of a list or tuple, of an object array of one dimension, of a deque.
std::optional<std::span<const Value>> items_of_list(const Value& value);
/// The same; also of other arrays, along the first axis.
std::optional<std::span<const Value>> items_of_list(Extraction& extraction, const Value& value);
std::optional<std::span<const Value>> items_of_set(const Value& value);
/// Entries of a dict, OrderedDict, defaultdict, Counter.
std::optional<std::span<const Entry>> entries_of(const Value& value);
/// The same, or the attributes of an instance.
std::optional<std::span<const Entry>> members_of(const Value& value);
/// The attributes of an instance: what its state sets.
std::optional<std::span<const Entry>> attributes_of(const Instance& instance);
/// The class of an instance: what is called, or what Python's own helper of old protocols is called
/// for. Null where it has no name.
const Global* class_of(const Instance& instance);
/// Whether an instance is one of this class.
bool is_class(const Value& instance, std::string_view module, std::string_view name);

/// The bytes of a datetime or time without the bit, in the month or the hour, that tells the second
/// one of two equal hours: Python's order and its pickles of protocol 3 have none. Nothing for
/// other instances.
std::optional<std::string> fields_without_fold(const Value& instance);

/// An identity for what Python has only once, though pickles may make it several times: UTC, and
/// numpy's True and False. Null for other values.
const void* python_singleton(const Value& value);

/// The value of an attribute or key that is a str; null where there is none.
const Value* find(std::span<const Entry> entries, std::string_view key);

// Arrays.

/// The array that the value is, without its elements if they stay in the file; null where it is
/// none, or one of objects. `scalars`: numpy's scalars as well.
const ArrayNode* array_of(const Value& value);
/// Its elements, read if need be, in native byte order.
Array elements_of(const Extraction& extraction, const ArrayNode& node);
/// Writes its elements to `target`, without gaps in `order`, converted to `type`. Throws Mismatch
/// where that would lose something.
void copy_elements(const Extraction& extraction, const ArrayNode& node, const dtype& type,
                   Order order, std::byte* target);
/// One item of an array along its first axis: an array, a str, bytes, or another scalar of numpy's.
Value item_of_array(Document& document, const Array& array, std::size_t index);
/// The field of this name of an array of structures, sharing its elements; empty where there is
/// none.
std::optional<Value> field_of_array(Document& document, const Array& array, std::string_view name);
/// An array of `type` of its own or shared, with the elements' own order.
Array converted(const Extraction& extraction, const ArrayNode& node, const dtype& type,
                bool shared);

}  // namespace joblib::detail
