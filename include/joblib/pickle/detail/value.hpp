#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "joblib/numpy/array.hpp"

namespace joblib::detail {

// What a pickle holds, as a graph: values refer to nodes, and nodes to values. All of it is owned
// by a Document, and constant once it is complete.

enum class Tag : std::uint8_t {
  none,
  boolean,
  integer,      // fits 64 bits
  big_integer,  // two's complement, little endian, in as few bytes as keep the sign
  real,
  complex,
  str,  // UTF-8; lone surrogates are encoded as if they were characters
  bytes,
  bytearray,
  list,
  tuple,
  dict,
  set,
  frozenset,
  global,    // a class or function, by name
  instance,  // what a class or function made
  array,     // numpy's: arrays and scalars
  dtype,
};

struct Sequence;
struct Dict;
struct Global;
struct Instance;
struct ArrayNode;

/// 16 bytes: scalars are held in place; text, bytes and containers are pointed to.
class Value {
 public:
  constexpr Value() noexcept : head_(0), content_{.integer = 0} {}

  static constexpr Value boolean(bool value) noexcept {
    return {Tag::boolean, std::int64_t{value}};
  }
  static constexpr Value integer(std::int64_t value) noexcept { return {Tag::integer, value}; }
  static Value real(double value) noexcept { return {Tag::real, value}; }
  /// Of str, bytes, bytearray, big_integer; complex: of its two parts.
  static Value text(Tag tag, const void* data, std::size_t size) noexcept {
    return {tag, data, size};
  }
  static Value sequence(Tag tag, Sequence* node) noexcept { return {tag, node, 0}; }
  static Value dict(Dict* node) noexcept { return {Tag::dict, node, 0}; }
  static Value global(Global* node) noexcept { return {Tag::global, node, 0}; }
  static Value instance(Instance* node) noexcept { return {Tag::instance, node, 0}; }
  static Value array(ArrayNode* node) noexcept { return {Tag::array, node, 0}; }
  static Value type(dtype* node) noexcept { return {Tag::dtype, node, 0}; }

  Tag tag() const noexcept { return static_cast<Tag>(head_ & 0xff); }
  bool is_none() const noexcept { return tag() == Tag::none; }

  bool boolean() const noexcept { return content_.integer != 0; }
  std::int64_t integer() const noexcept { return content_.integer; }
  double real() const noexcept { return content_.real; }
  std::string_view text() const noexcept {
    return {static_cast<const char*>(content_.pointer), static_cast<std::size_t>(head_ >> 8)};
  }
  std::span<const std::byte> bytes() const noexcept {
    return {static_cast<const std::byte*>(content_.pointer), static_cast<std::size_t>(head_ >> 8)};
  }
  Sequence& sequence() const noexcept { return *static_cast<Sequence*>(node()); }
  Dict& dict() const noexcept { return *static_cast<Dict*>(node()); }
  Global& global() const noexcept { return *static_cast<Global*>(node()); }
  Instance& instance() const noexcept { return *static_cast<Instance*>(node()); }
  ArrayNode& array() const noexcept { return *static_cast<ArrayNode*>(node()); }
  dtype& type() const noexcept { return *static_cast<dtype*>(node()); }

  /// The identity of what may be shared or refer to itself; null for others.
  const void* identity() const noexcept {
    return tag() >= Tag::bytearray ? content_.pointer : nullptr;
  }

 private:
  constexpr Value(Tag tag, std::int64_t value) noexcept
      : head_(static_cast<std::uint64_t>(tag)), content_{.integer = value} {}
  Value(Tag tag, double value) noexcept
      : head_(static_cast<std::uint64_t>(tag)), content_{.real = value} {}
  Value(Tag tag, const void* data, std::size_t size) noexcept
      : head_(static_cast<std::uint64_t>(tag) | static_cast<std::uint64_t>(size) << 8),
        content_{.pointer = data} {}
  void* node() const noexcept { return const_cast<void*>(content_.pointer); }

  std::uint64_t head_;  // tag, and the size of text above it
  union {
    std::int64_t integer;
    double real;
    const void* pointer;
  } content_;
};

/// Items of a list, tuple, set or frozenset.
struct Sequence {
  Value* items = nullptr;
  std::size_t size = 0;
  std::size_t capacity = 0;

  std::span<const Value> span() const noexcept { return {items, size}; }
};

struct Entry {
  Value key;
  Value value;
};

/// In the order of insertion. As they come from a file, keys may repeat: the last one counts.
struct Dict {
  Entry* entries = nullptr;
  std::size_t size = 0;
  std::size_t capacity = 0;

  std::span<const Entry> span() const noexcept { return {entries, size}; }
};

/// What the library knows of a class or function.
enum class Known : std::uint8_t {
  no,
  builtin_complex,
  builtin_bytearray,
  builtin_bytes,
  builtin_set,
  builtin_frozenset,
  codecs_encode,
  object_reconstructor,  // copyreg._reconstructor
  numpy_dtype,
  numpy_reconstruct,
  numpy_scalar,
  numpy_frombuffer,
  array_wrapper,         // joblib's, of 0.10 and later
  legacy_array_wrapper,  // joblib's until 0.9: the array is in a file of its own
  legacy_z_array_wrapper,
};

struct Global {
  Value module;  // str
  Value name;    // str, with dots where it is nested
  Known known = Known::no;
};

/// How an instance is made: callable(*arguments), or callable.__new__(callable, *arguments,
/// **keywords); then its items, entries and state are given to it.
struct Instance {
  enum class Kind : std::uint8_t { reduce, newobj };

  Kind kind = Kind::reduce;
  bool has_state = false;
  Value callable = {};
  Value arguments = {};  // a tuple
  Value keywords = {};   // a dict, or none
  Value state = {};
  Sequence items = {};
  Dict entries = {};
};

/// An array or, if `scalar`, one element of its own.
struct ArrayNode {
  Array array = {};  // without data where there are objects, or where they stay in the file
  const Global* subclass = nullptr;  // null: numpy.ndarray
  bool scalar = false;
  Order order = Order::C;  // in memory, of objects and of an array that stays in the file
  Sequence objects = {};   // the elements of an array of objects, always in the order of C
  Value state = {};        // of a subclass that keeps more than numpy does; the rest is empty then
  bool in_file = false;    // the elements are read when they are asked for
  std::uint64_t offset = 0;  // where they are in the file
};

}  // namespace joblib::detail
