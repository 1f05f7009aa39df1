#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "joblib/pickle/detail/extract.hpp"
#include "joblib/pickle/detail/machine.hpp"
#include "joblib/pickle/detail/save.hpp"

namespace joblib {

/// The value of any Python object: None, a number, text, a container, an array, or an instance of
/// any class. An instance is data: the name of its class, what it was made with, and its
/// attributes; its code never runs. A handle: copies refer to the same value, which never changes
/// and lives as long as an Object refers to it. Thread-safe.
class Object {
 public:
  enum class Type {
    none,
    boolean,
    integer,
    real,
    complex,
    str,
    bytes,
    bytearray,
    list,
    tuple,
    dict,
    set,
    frozenset,
    array,     ///< numpy.ndarray and its subclasses
    scalar,    ///< one element of numpy's, e.g. numpy.float64
    dtype,     ///< numpy.dtype
    global,    ///< a class or function, by name
    instance,  ///< of any other class
  };

  Object() = default;  ///< None

  /// The Python value of any C++ value that can be dumped.
  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, Object>)
  explicit Object(const T& value);

  /// A tuple, a frozenset, a bytearray of the given parts.
  static Object tuple(const std::vector<Object>& items);
  static Object frozenset(const std::vector<Object>& items);
  static Object bytearray(std::span<const std::byte> bytes);
  /// A dict with keys of any type.
  static Object dict(const std::vector<std::pair<Object, Object>>& entries);
  /// A class or function: `module.name`.
  static Object global(std::string_view module, std::string_view name);
  /// An instance of `module.name` with this state: in general a dict of its attributes. Python
  /// makes it by __new__ alone, as it makes any instance that it loads.
  static Object instance(std::string_view module, std::string_view name, const Object& state);
  /// What `callable(*arguments)` returns in Python, where `callable` is a global.
  static Object call(const Object& callable, const std::vector<Object>& arguments);

  Type type() const noexcept;
  bool is_none() const noexcept { return type() == Type::none; }
  /// "builtins.int", "numpy.ndarray", "sklearn.linear_model._logistic.LogisticRegression"; of a
  /// global its own name.
  std::string class_name() const;

  /// The value as a C++ type, by the same rules as load<T>: an Error tells what doesn't fit, and
  /// where.
  template <class T>
  T as() const;

  /// The number of items or entries, characters not counted: Error for what has none.
  std::size_t size() const;
  /// The item at this position of a list, tuple or array (along its first axis); for a dict the
  /// value of an integer key. Negative positions count from the end. Error where there is none.
  Object operator[](std::ptrdiff_t index) const;
  Object operator[](int index) const { return (*this)[static_cast<std::ptrdiff_t>(index)]; }
  /// The value of this key in a dict, or in an instance of a subclass of dict; of an array of
  /// structures the field of this name, as an array that shares its elements. Error where there is
  /// none.
  Object operator[](std::string_view key) const;
  Object operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  Object operator[](const Object& key) const;
  /// Whether a dict has this key, or a list, tuple or set this item.
  bool contains(std::string_view key) const;
  bool contains(const Object& key) const;

  /// The attribute of an instance. Error where its state has none of this name.
  Object attr(std::string_view name) const;
  bool has_attr(std::string_view name) const;

  class Iterator;
  /// The items of a list, tuple, set, frozenset or array of objects; the keys of a dict. Other
  /// arrays are read with as<ndarray<T>>().
  Iterator begin() const;
  Iterator end() const;
  /// The entries of a dict, in its order.
  std::vector<std::pair<Object, Object>> items() const;

  /// Of an array or numpy's scalar. Error for other types.
  joblib::dtype dtype() const;
  std::vector<std::size_t> shape() const;
  /// The bytes of its elements in C order. Error where they are objects.
  bytes tobytes() const;

  /// What an instance was made with: its callable and arguments. Error for other types.
  Object callable() const;
  Object arguments() const;
  /// The state that an instance was given; None without one.
  Object state() const;

  /// As Python's repr, arrays as numpy 1 prints them; instances of other classes than those of
  /// datetime show what they were made of. Cut off with "..." where it gets longer than `most`
  /// bytes.
  std::string repr(std::size_t most = 10'000) const;

  /// Python's ==: numbers by value whatever their type, containers by their items, dicts and sets
  /// without regard to order; arrays by dtype, shape and bytes; instances by class, arguments,
  /// items and state. Error for values that are nested too deeply.
  friend bool operator==(const Object& left, const Object& right);

 private:
  template <class Sink>
  friend void detail::save_object(Sink& sink, const Object& object);
  friend void detail::save_object(detail::Machine& sink, const Object& object);
  friend void detail::extract_object(detail::Extraction& extraction, const detail::Value& value,
                                     Object& target);

  Object(std::shared_ptr<detail::Document> document, detail::Value value)
      : document_(std::move(document)), value_(value) {}
  Object part(const detail::Value& value) const { return {document_, value}; }
  template <class Build>
  static Object build(Build build);

  std::shared_ptr<detail::Document> document_ = nullptr;  // null where the value needs none
  detail::Value value_ = {};
};

std::ostream& operator<<(std::ostream& stream, const Object& object);

class Object::Iterator {
 public:
  using value_type = Object;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::forward_iterator_tag;

  Iterator() = default;
  Object operator*() const { return {document_, *value_}; }
  Iterator& operator++() {
    value_ += stride_;
    return *this;
  }
  Iterator operator++(int) {
    Iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Iterator& left, const Iterator& right) {
    return left.value_ == right.value_;
  }

 private:
  friend class Object;
  Iterator(std::shared_ptr<detail::Document> document, const detail::Value* value,
           std::ptrdiff_t stride)
      : document_(std::move(document)), value_(value), stride_(stride) {}

  std::shared_ptr<detail::Document> document_ = nullptr;
  const detail::Value* value_ = nullptr;
  std::ptrdiff_t stride_ =
      1;  // values from one item to the next: a dict's keys are every other one
};

template <class T>
  requires(!std::same_as<std::remove_cvref_t<T>, Object>)
Object::Object(const T& value) : document_(std::make_shared<detail::Document>()) {
  detail::Machine machine(*document_);
  detail::save(machine, value);
  value_ = machine.finish();
}

template <class T>
T Object::as() const {
  detail::Extraction extraction{.document = document_};
  if (document_ != nullptr) extraction.budget = document_->budget();
  try {
    return detail::extract<T>(extraction, value_);
  } catch (const detail::Mismatch& mismatch) {
    throw Error(mismatch.code(), mismatch.what());
  }
}

}  // namespace joblib
