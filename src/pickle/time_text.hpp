#pragma once

#include <optional>
#include <string>

#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// What Python prints of a date, a time, or a difference of them: `front`, the time zone if there
/// is one, and `back`.
struct TimeRepr {
  std::string front;
  const Value* zone = nullptr;
  std::string back = {};
};

/// Of a datetime, date, time, timedelta, or timezone.utc; nothing for other instances.
std::optional<TimeRepr> time_repr(const Value& value);

}  // namespace joblib::detail
