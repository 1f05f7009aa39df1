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
template <class T>
struct pickler {};

}  // namespace joblib
