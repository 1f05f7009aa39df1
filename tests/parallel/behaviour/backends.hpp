#pragma once

#include <memory>
#include <string>
#include <vector>

#include "joblib/backend/parallel_backend.hpp"
#include "joblib/parallel/options.hpp"

namespace joblib::test {

/// One way to run calls, and what it is able to do. Every behaviour test runs on each of backends()
/// that has what the test needs.
struct BackendCase {
  std::string name;
  std::shared_ptr<ParallelBackend> backend;
  int n_jobs;
  int at_once;                 ///< tasks of a call that can wait for each other
  int at_once_unread;          ///< the same while the caller reads a generator or a timeout is set
  bool shares_memory = false;  ///< tasks see the caller's objects
  bool captures = false;       ///< tasks may be lambdas with captures, be it of a snapshot
  bool ends_tasks = true;      ///< tasks that run are stopped or killed when their call ends early
  bool watches_timeouts = false;

  /// `options` on this backend, with its number of jobs.
  ParallelOptions with(ParallelOptions options = {}) const;
  bool is_sequential() const { return n_jobs == 1; }
};

/// What a test needs of a backend.
struct Needs {
  int at_once = 1;
  int at_once_unread = 1;
  bool shares_memory = false;
  bool captures = false;
  bool ends_tasks = false;
  bool timeouts = false;
  bool several_jobs = false;
};

/// All backends, new objects each time, without those that lack one of the needs.
std::vector<BackendCase> backends(const Needs& needs = {});

}  // namespace joblib::test
