#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

#include "joblib/pickle/detail/extract.hpp"
#include "joblib/pickle/detail/picklable.hpp"
#include "joblib/pickle/detail/writer.hpp"

namespace joblib::detail {

// The pickles of what has a place in the program, not a value.
void write_function(PickleWriter& writer, const void* function);
const void* read_function(Extraction& extraction, const Value& value);
void write_member(PickleWriter& writer, std::span<const std::byte> pointer);
void read_member(Extraction& extraction, const Value& value, std::span<std::byte> pointer);

// The parts of a tuple or the items of a list; throws Error unless there are `count`.
std::span<const Value> parts_of(Extraction& extraction, const Value& value, std::size_t count);

// How a part of a task, a function or an argument, gets to another process of the same program.
// There, `Kept` is what lives as long as the task, and give() makes the part of it, once. The
// obstacle is the type that makes it impossible, null where there is none.
template <class T>
struct Wire {
  static constexpr bool sendable = is_picklable<T>();
  using Kept = T;

  static const std::type_info* obstacle() { return sendable ? nullptr : &typeid(T); }
  static void write(PickleWriter& writer, const T& value) { save(writer, value); }
  static T read(Extraction& extraction, const Value& value) {
    return extract<T>(extraction, value);
  }
  static T&& give(Kept& kept) { return std::move(kept); }
};

// All there is to know of these is their type.
template <class T>
concept KnownByType =
    std::is_class_v<T> && std::is_empty_v<T> && std::default_initializable<T> && !OwnPickler<T>;

template <KnownByType T>
struct Wire<T> {
  static constexpr bool sendable = true;
  using Kept = T;

  static const std::type_info* obstacle() { return nullptr; }
  static void write(PickleWriter& writer, const T&) { writer.none(); }
  static T read(Extraction&, const Value&) { return T(); }
  static T&& give(Kept& kept) { return std::move(kept); }
};

// An element of a map.
template <class Key, class Mapped>
struct Wire<std::pair<const Key, Mapped>> {
  using Kept = std::pair<Key, Mapped>;
  static constexpr bool sendable = is_picklable<Kept>();

  static const std::type_info* obstacle() { return sendable ? nullptr : &typeid(Kept); }
  static void write(PickleWriter& writer, const std::pair<const Key, Mapped>& element) {
    save(writer, element);
  }
  static Kept read(Extraction& extraction, const Value& value) {
    return extract<Kept>(extraction, value);
  }
  static Kept&& give(Kept& kept) { return std::move(kept); }
};

// Text that somebody else keeps, like a literal.
template <class T>
  requires std::same_as<T, const char*> || std::same_as<T, std::string_view>
struct Wire<T> {
  static constexpr bool sendable = true;
  using Kept = std::optional<std::string>;  // of a null pointer nothing

  static const std::type_info* obstacle() { return nullptr; }
  static void write(PickleWriter& writer, T text) { save(writer, text); }
  static Kept read(Extraction& extraction, const Value& value) {
    return extract<Kept>(extraction, value);
  }
  static T give(const Kept& kept) {
    if constexpr (std::is_pointer_v<T>) {
      return kept ? kept->c_str() : nullptr;
    } else {
      return *kept;
    }
  }
};

template <class T>
  requires std::is_pointer_v<T> && std::is_function_v<std::remove_pointer_t<T>>
struct Wire<T> {
  static constexpr bool sendable = true;
  using Kept = T;

  static const std::type_info* obstacle() { return nullptr; }
  static void write(PickleWriter& writer, T function) {
    write_function(writer, reinterpret_cast<const void*>(function));
  }
  static T read(Extraction& extraction, const Value& value) {
    return reinterpret_cast<T>(const_cast<void*>(read_function(extraction, value)));
  }
  static T give(Kept& kept) { return kept; }
};

template <class T>
  requires std::is_member_pointer_v<T>
struct Wire<T> {
  static constexpr bool sendable = true;
  using Kept = T;

  static const std::type_info* obstacle() { return nullptr; }
  static void write(PickleWriter& writer, T pointer) {
    write_member(writer, std::as_bytes(std::span(&pointer, 1)));
  }
  static T read(Extraction& extraction, const Value& value) {
    T pointer = nullptr;
    read_member(extraction, value, std::as_writable_bytes(std::span(&pointer, 1)));
    return pointer;
  }
  static T give(Kept& kept) { return kept; }
};

// Writes what is to stay there, and what it is, until the call ends.
template <class T>
void write_lasting(PickleWriter& writer, const T& value) {
  const void* elements = nullptr;
  if constexpr (requires {
                  { value.data() } -> std::convertible_to<const void*>;
                })
    elements = value.data();
  const LastingScope scope(writer.files(), elements);
  Wire<T>::write(writer, value);
}

// What is only read through a reference, an argument by std::cref, is sent by value.
template <class T>
  requires std::same_as<typename Wire<T>::Kept, T>
struct Wire<const T&> : Wire<T> {
  static void write(PickleWriter& writer, const T& value) { write_lasting(writer, value); }
  static const T& give(const T& kept) { return kept; }
};

// Elements that somebody else keeps, as text above. Whoever receives them may find them in memory
// that all share.
template <class Element>
  requires Row<std::span<const Element>>
struct Wire<std::span<const Element>> {
  static constexpr bool sendable = true;
  using Kept = ndarray<const Element>;

  static const std::type_info* obstacle() { return nullptr; }
  static void write(PickleWriter& writer, std::span<const Element> elements) {
    const LastingScope scope(writer.files(), elements.data());
    save(writer, elements);
  }
  static Kept read(Extraction& extraction, const Value& value) {
    return extract<Kept>(extraction, value);
  }
  static std::span<const Element> give(const Kept& kept) { return kept.span(); }
};

// Changes would be lost.
template <class T>
struct Wire<T&> {
  static constexpr bool sendable = false;
  using Kept = std::monostate;
  static const std::type_info* obstacle() { return &typeid(std::reference_wrapper<T>); }
};

// The function of a map may be one.
template <class T>
struct Wire<std::reference_wrapper<const T>> : Wire<const T&> {
  static void write(PickleWriter& writer, std::reference_wrapper<const T> reference) {
    write_lasting<T>(writer, reference);
  }
  static std::reference_wrapper<const T> give(const T& kept) { return std::cref(kept); }
};

}  // namespace joblib::detail
