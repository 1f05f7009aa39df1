#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "joblib/persistence.hpp"

namespace joblib::test {

/// What Python's own values look like after dump and load.
template <class T>
Object in_python(const T& value, const DumpOptions& options = {}) {
  return loads(dumps(value, options));
}

/// A value that comes back from a dump.
template <class T>
T round_trip(const T& value, const DumpOptions& options = {}) {
  return loads<T>(dumps(value, options));
}

/// numpy.dtype(text).
inline Object numpy_dtype(std::string_view text) {
  return Object::call(Object::global("numpy", "dtype"),
                      {Object(text), Object(false), Object(true)});
}

/// The bytes of numbers, as they are in memory.
template <class T>
bytes bytes_of(const std::vector<T>& values) {
  return bytes(std::as_bytes(std::span(values)));
}

/// One element of numpy's, e.g. numpy.float32.
inline Object numpy_scalar(std::string_view type, const bytes& element) {
  return Object::call(Object::global("numpy.core.multiarray", "scalar"),
                      {numpy_dtype(type), Object(element)});
}
template <class T>
Object numpy_scalar(std::string_view type, T element) {
  return numpy_scalar(type, bytes(std::as_bytes(std::span(&element, 1))));
}

/// An array of any dtype and order.
inline Object numpy_array(std::string_view type, const bytes& elements,
                          const std::vector<std::size_t>& shape, std::string_view order = "C") {
  std::vector<Object> extents;
  for (const std::size_t extent : shape) extents.emplace_back(extent);
  return Object::call(Object::global("numpy.core.numeric", "_frombuffer"),
                      {Object(elements), numpy_dtype(type), Object::tuple(extents), Object(order)});
}

/// What Python's `module.name(*arguments)` gives.
inline Object call(std::string_view module, std::string_view name,
                   const std::vector<Object>& arguments = {}) {
  return Object::call(Object::global(module, name), arguments);
}

/// The text of the Error of this code that the action must throw.
template <class Action>
std::string error_of(errc code, Action action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  FAIL_CHECK("nothing thrown");
  return {};
}

/// The text of the error of a value that doesn't fit the type.
template <class T>
std::string mismatch(const Object& value) {
  return error_of(errc::type_mismatch, [&] { (void)value.as<T>(); });
}

}  // namespace joblib::test
