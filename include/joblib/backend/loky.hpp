#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "joblib/backend/remote_backend.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"

namespace joblib {

namespace detail {
class WorkerPool;
// From backend_options. Throws Error for those that it doesn't have.
std::shared_ptr<ParallelBackend> make_loky_backend(const BackendOptions& given);
}  // namespace detail

/// Also to be given by name, as backend_options of the backend "loky".
struct LokyOptions {
  using Function = void (*)();

  Function initializer = nullptr;  ///< what a worker runs first of all
  Function finalizer = nullptr;    ///< what it runs last, for 10 s at most, unless it is killed
  /// How long a worker stays without a task.
  std::chrono::duration<double> idle_worker_timeout = std::chrono::minutes(5);
  /// How often tasks whose worker has died are given to another one: they must be safe to repeat.
  int retries = 0;
  /// What tasks write begins each line with their numbers, counted from 0: "[task 3] ", or
  /// "[tasks 3 to 17] " for a batch.
  bool tag_output = false;
};

/// Tasks run in worker processes, started from the program's own executable when they are needed
/// and kept for later calls of all Parallel objects with the same options, and of a few others. A
/// worker that crashes fails its tasks only, with a TerminatedWorkerError, and is replaced.
class LokyBackend : public RemoteBackend {
 public:
  /// Throws Error for options that make no sense.
  explicit LokyBackend(const LokyOptions& options = {});

  std::string_view name() const override { return "LokyBackend"; }
  int effective_n_jobs(int n_jobs) const override;
  /// Throws Error where workers would have workers more than 10 levels deep, or as many as the
  /// environment variable LOKY_MAX_DEPTH says.
  void start_call(int n_jobs) override;
  void stop_call() noexcept override;
  /// Throws Error where the program can't start workers, see worker_main.
  bytes run(RemoteJob& job, const std::stop_token& stop) override;

 private:
  const LokyOptions options_;
  detail::ForkSafeMutex mutex_ = {};
  // One for each call that runs, of which the last one is used: in a child, those before are its
  // parent's. Guarded by mutex_.
  std::vector<std::shared_ptr<detail::WorkerPool>> pools_ = {};
};

}  // namespace joblib
