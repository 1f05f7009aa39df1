#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "batching.hpp"
#include "context.hpp"
#include "gate.hpp"
#include "joblib/backend/remote_backend.hpp"
#include "joblib/core/detail/spin.hpp"
#include "joblib/parallel/detail/call.hpp"
#include "remote_job.hpp"
#include "reporter.hpp"
#include "state.hpp"
#include "watched_tasks.hpp"

namespace joblib::detail {

// What is settled when a call starts.
struct CallPlan {
  int n_jobs = 1;
  std::size_t pre_dispatch = 1;
  std::size_t batch_size = 0;           // 0: automatic
  std::chrono::nanoseconds timeout{0};  // 0: none
  bool caller_works = true;
  RemoteBackend* remote = nullptr;  // null: batches run in this process
};

// Runs one call: draws batches from the source, lets workers claim them, hands them to the
// consumer, and ends them all when something fails. Code of the user (tasks, range, callbacks,
// destructors of tasks) never runs under mutex_.
class Dispatcher final : public Call {
 public:
  Dispatcher(std::shared_ptr<ParallelState> state, std::unique_ptr<TaskSource> source,
             Delivery delivery, const CallPlan& plan);
  ~Dispatcher() override;
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Draws the first tasks and calls for workers. To be called once, before next().
  void start();

  std::unique_ptr<Batch> next() override;

  // A backend worker runs batches until there is none to claim.
  void work();
  // A backend worker won't come: its Work was destroyed unrun.
  void lose_worker();

 private:
  using Lock = SpinningLock;
  using Clock = std::chrono::steady_clock;
  struct Claimed {
    std::unique_ptr<Batch> batch = nullptr;
    std::size_t sequence = 0;
  };

  ContextPtr make_task_context() const;
  std::size_t fixed_batch_size() const;

  // Each of these is called with the lock held and may give it up for a while.
  void draw(Lock& lock);
  void tell_end_of_range(Lock& lock);
  Claimed claim(Lock& lock);
  void run(Claimed claimed, TaskMonitor& monitor, Lock& lock);
  void run_by_caller(Claimed claimed, Lock& lock);
  void invite_workers(Lock& lock);
  void wait_for_result(Lock& lock);
  void end_overdue(Lock& lock);
  void fail(std::exception_ptr error, Lock& lock);

  void wake_consumer();
  void keep(Claimed claimed);
  std::unique_ptr<Batch> take_result();
  bool has_result() const { return !results_.empty() && results_.front() != nullptr; }
  bool all_done() const { return exhausted_ && queue_.empty() && running_ == 0 && !drawing_; }
  bool can_draw() const {
    return !starting_ && !exhausted_ && !drawing_ && failure_ == nullptr && batching_.room() > 0;
  }
  bool caller_may_run() const {
    return plan_.caller_works && running_ < static_cast<std::size_t>(plan_.n_jobs);
  }

  // These return what the batch costs beside its tasks.
  Clock::duration run_tasks(Batch& batch, TaskMonitor& monitor);
  Clock::duration run_remotely(Batch& batch, TaskMonitor& monitor);
  // Throws TimeoutError where it came too late.
  bytes reply_to(RemoteJob& job, TaskMonitor& monitor);
  void log_unseen(const std::exception_ptr& error) const noexcept;
  void close() noexcept;

  const std::shared_ptr<ParallelState> state_;
  const std::unique_ptr<TaskSource> source_;
  const Delivery delivery_;
  const CallPlan plan_;
  const std::unique_ptr<RemoteCall> remote_call_;  // null where batches run in this process
  const std::shared_ptr<Gate> gate_;
  Reporter reporter_;
  std::stop_source stop_;  // seen by the tasks
  const ContextPtr task_context_;
  std::atomic<unsigned> flags_{0};  // TaskMonitor::Flag

  std::mutex mutex_;                       // guards what follows
  std::condition_variable batch_or_end_;   // for workers, while another one draws
  std::condition_variable result_or_end_;  // for the consumer
  Batching batching_;
  std::deque<std::unique_ptr<Batch>> queue_ = {};
  // Done and not delivered. Where ordered: at place sequence - delivered_, null until it is done.
  std::deque<std::unique_ptr<Batch>> results_ = {};
  WatchedTasks watched_;  // where tasks are timed
  std::exception_ptr failure_ = nullptr;
  std::size_t next_sequence_ = 0;  // of the batch claimed next
  std::size_t delivered_ = 0;      // batches
  std::size_t tasks_drawn_ = 0;
  std::size_t tasks_done_ = 0;
  std::size_t tasks_delivered_ = 0;
  std::size_t running_ = 0;   // batches
  std::size_t workers_ = 0;   // submitted and not gone
  std::size_t arriving_ = 0;  // submitted and not begun
  bool starting_ = true;
  bool drawing_ = false;
  bool exhausted_ = false;
  bool left_ = false;                            // destroyed before its end
  std::vector<std::exception_ptr> unseen_ = {};  // failures after it was left
  bool consumer_waits_ = false;
  std::atomic<bool> consumer_called_ = false;  // set where a waiting consumer is to look again

  bool started_ = false;  // these by the consumer only
  bool closed_ = false;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_ = {};
};

}  // namespace joblib::detail
