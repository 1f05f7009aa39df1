#pragma once

namespace joblib {

/// Specialise it to pickle a type of your own by way of another type that can be pickled:
///
///     template <>
///     struct joblib::pickler<Point> {
///       static auto to_state(const Point& point) { return std::pair(point.x, point.y); }
///       static Point from_state(const std::pair<double, double>& s) { return {s.first, s.second};
///       }
///     };
///
/// The specialisation belongs beside the type, before anything that uses it. A type that is never
/// read back needs no from_state.
///
/// With `static constexpr bool copies_are_independent = true`, as it is for most types, a Memory
/// may keep results as the objects that they are; otherwise copies might share what they hold.
template <class T>
struct pickler {};

}  // namespace joblib
