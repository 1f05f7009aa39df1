#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "joblib/pickle/bytes.hpp"
#include "joblib/process/worker.hpp"

namespace joblib::detail {

struct WorkerPoolOptions {
  RequestHandler handler = nullptr;
  /// The requests that a worker answers first of all, and last of all where it isn't killed; none
  /// if empty. The handler reports what goes wrong by throwing an Error: an initializer's reaches
  /// the caller as WorkerProcess says, a finalizer's is logged.
  bytes initializer = {};
  bytes finalizer = {};
  std::chrono::milliseconds idle_timeout = std::chrono::minutes(5);  ///< then a worker ends
  /// How long surplus workers stay, since calls of another thread might want them at once.
  std::chrono::milliseconds surplus_timeout = std::chrono::seconds(1);
  /// A worker whose finalizer takes longer is killed.
  std::chrono::milliseconds finalizer_timeout = std::chrono::seconds(10);

  bool operator==(const WorkerPoolOptions&) const = default;
};

/// Worker processes that are started when they are needed and kept for later calls. Thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// Has a worker with this environment that is idle, or a new one, answer the request. Throws as
  /// WorkerProcess and its call do, `begin` included; a worker that died or was killed is replaced
  /// by the next call.
  Message call(const Message& request, const std::stop_token& stop,
               const std::string& output_tag = {}, const std::function<void()>& begin = {},
               const Environment& environment = {});

  /// A call that wants so many workers begins, and later ends. Where one begins, surplus workers
  /// end: those that are idle, and more than all running calls want, whatever their environment.
  void begin_call(std::size_t workers);
  void end_call(std::size_t workers);

  /// Ends the workers that are idle; others end when they have answered, until a call begins.
  void shutdown();

  const WorkerPoolOptions& options() const noexcept { return options_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Worker = std::unique_ptr<WorkerProcess>;
  struct Idle {
    Worker worker;
    Clock::time_point since;
  };

  Worker acquire(const Environment& environment);
  Worker take_idle(const Environment& environment);
  void release(Worker worker);
  std::vector<Worker> take_idle(std::size_t most, Clock::time_point since);
  void dismiss(std::vector<Worker> workers);
  void finalize(const std::vector<Worker>& workers) const;
  void end_idle_workers(const std::stop_token& stop);

  const WorkerPoolOptions options_;
  std::mutex mutex_;
  std::size_t wanted_ = 0;              // by running calls; guarded by mutex_
  bool shut_down_ = false;              // since the last call began; guarded by mutex_
  std::deque<Idle> idle_;               // the one used last at the end; guarded by mutex_
  std::vector<Worker> dismissed_ = {};  // and not ended yet; guarded by mutex_
  bool ends_some_ = false;              // the keeper; guarded by mutex_
  std::condition_variable_any changed_ = {};
  std::jthread keeper_;
};

/// A pool of this process for a call that wants so many workers; it belongs to the call as long as
/// the pointer lives. Calls with the same options have the same one, as long as it is used and
/// afterwards, until some others have been used since. The child of a fork can't use it.
std::shared_ptr<WorkerPool> shared_worker_pool(const WorkerPoolOptions& options,
                                               std::size_t workers);

/// Ends the workers of these pools; later calls start new ones.
void shutdown_worker_pools();

}  // namespace joblib::detail
