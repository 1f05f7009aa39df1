#pragma once

#include <optional>
#include <span>

#include "joblib/numpy/dtype.hpp"
#include "joblib/pickle/detail/document.hpp"

namespace joblib::detail {

// How numpy's objects are pickled: a function makes them, a state completes them. Those that make
// something return nothing where the arguments aren't numpy's; the others throw Error
// (errc::corrupt_data).

/// numpy.dtype('f8', False, True), before its state.
std::optional<Value> make_dtype(Document& document, std::span<const Value> arguments);
/// The type that numpy makes of `type` by giving it this state: (version, byte order, sub-array,
/// names, fields, itemsize, alignment, flags[, metadata]).
dtype with_state(Document& document, const dtype& type, const Value& state);

/// _reconstruct(numpy.ndarray, (0,), b'b'), before its state.
std::optional<Value> make_empty_array(Document& document, std::span<const Value> arguments);
/// (version, shape, dtype, is Fortran, bytes or list of objects).
void set_array_state(Document& document, ArrayNode& node, const Value& state);

/// _frombuffer(bytes, dtype, shape, order), of protocol 5.
std::optional<Value> make_array_from_buffer(Document& document, std::span<const Value> arguments);

/// scalar(dtype, bytes).
std::optional<Value> make_scalar(Document& document, std::span<const Value> arguments);

/// A shape: a tuple of integers of at least 0.
std::vector<std::size_t> shape_of(const Value& tuple);

}  // namespace joblib::detail
