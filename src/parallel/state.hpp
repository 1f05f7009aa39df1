#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "joblib/parallel/options.hpp"

namespace joblib::detail {

// A Parallel, shared with the generators that it made.
struct ParallelState {
  ParallelOptions options;  // merged with the configuration
  std::shared_ptr<ParallelBackend> backend;
  int n_jobs = 1;      // as asked for
  std::string prefix;  // of messages: "[Parallel(n_jobs=2)]: "
  std::atomic<bool> running = false;
};

}  // namespace joblib::detail
