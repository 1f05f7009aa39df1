#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "joblib/core/error.hpp"

namespace joblib::fuzz {

/// Does what may fail with an Error.
template <class Action>
void attempt(Action action) {
  try {
    action();
  } catch (const Error&) {
  }
}

}  // namespace joblib::fuzz
