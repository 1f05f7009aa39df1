#pragma once

#include <string>

#include "joblib/core/cpu_count.hpp"
#include "joblib/core/error.hpp"

namespace joblib::detail {

/// What the option n_threads of dump and load means.
inline int resolve_threads(int n_threads) {
  if (n_threads == -1) return cpu_count();
  if (n_threads < 1) {
    throw Error(errc::invalid_argument, "n_threads must be positive, or -1 for all cores, got: " +
                                            std::to_string(n_threads));
  }
  return n_threads;
}

}  // namespace joblib::detail
