#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "joblib/pickle/bytes.hpp"
#include "joblib/process/worker.hpp"

namespace joblib::detail {

struct WorkerPoolOptions {
  RequestHandler handler = nullptr;
  Environment environment = {};
  /// The requests that a worker answers first of all, and last of all where it isn't killed; none
  /// if empty. The handler reports what goes wrong by throwing an Error: an initializer's reaches
  /// the caller, a finalizer's is logged.
  bytes initializer = {};
  bytes finalizer = {};
  std::chrono::milliseconds idle_timeout = std::chrono::minutes(5);  ///< then a worker ends

  bool operator==(const WorkerPoolOptions&) const = default;
};

/// Worker processes that are started when they are needed and kept for later calls. Thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// Has a worker that is idle, or a new one, answer the request. Throws as WorkerProcess and its
  /// call do; a worker that died or was killed is replaced by the next call.
  bytes call(std::span<const std::byte> request, const std::stop_token& stop);

  /// From now on no more than so many workers stay when they are idle.
  void resize(std::size_t workers);

  /// Ends the workers that are idle; others end when their call does.
  void shutdown() { resize(0); }

  const WorkerPoolOptions& options() const noexcept { return options_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Worker = std::unique_ptr<WorkerProcess>;
  struct Idle {
    Worker worker;
    Clock::time_point until;
  };

  Worker acquire(const std::stop_token& stop);
  Worker take_idle();
  void release(Worker worker);
  void finalize(const std::vector<Worker>& workers) const;
  void end_idle_workers(const std::stop_token& stop);

  const WorkerPoolOptions options_;
  std::mutex mutex_;
  std::size_t most_ = static_cast<std::size_t>(-1);  // that may be idle; guarded by mutex_
  std::deque<Idle> idle_;                   // the one used last at the end; guarded by mutex_
  std::condition_variable_any ended_ = {};  // only waited on
  std::jthread keeper_;
};

/// The pool of this process, which all calls with the same options share. With other options the
/// idle workers end, and there is a new one. To be kept for one call only: after a fork the child
/// can't use it.
std::shared_ptr<WorkerPool> shared_worker_pool(const WorkerPoolOptions& options);

/// Ends the workers of the shared pool; a later call starts new ones.
void shutdown_worker_pool();

}  // namespace joblib::detail
