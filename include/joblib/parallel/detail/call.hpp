#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <typeinfo>
#include <utility>

namespace joblib::detail {

class PickleWriter;
class Value;
struct Extraction;

// What a worker asks before each task. One per worker.
class TaskMonitor {
 public:
  enum Flag : unsigned { abandoned = 1, timed = 2, counted = 4 };

  // `flags` are the call's; a timed task overruns after `timeout`, and only timed and counted ones
  // are known by task().
  TaskMonitor(const std::atomic<unsigned>& flags, std::stop_token stop,
              std::chrono::nanoseconds timeout)
      : flags_(flags), stop_(std::move(stop)), timeout_(timeout) {}
  TaskMonitor(const TaskMonitor&) = delete;
  TaskMonitor& operator=(const TaskMonitor&) = delete;

  // To be asked before a task. False if the rest of the batch is abandoned. Throws TimeoutError if
  // the task before has overrun.
  bool begin_task() {
    const unsigned flags = flags_.load(std::memory_order_relaxed);
    return flags == 0 || begin_watched_task(flags);
  }

  const std::stop_token& stop_token() const noexcept { return stop_; }

  // The number of tasks to run after each begin_task(): 1 unless they are known to be very short.
  std::size_t stride() const noexcept { return stride_; }

  void begin_batch(std::size_t first_task, std::size_t stride) noexcept {
    next_task_ = first_task;
    stride_ = stride;
  }
  // The time of the task that has begun doesn't count, or counts from now on.
  void stop_clock() noexcept;
  void start_clock() noexcept;
  // Ends the last task of a batch. Throws TimeoutError if it has overrun, or was ended as overdue,
  // whatever its clock says since.
  void end_batch(bool is_overdue = false);
  // Throws TimeoutError if the running task has overrun. From any thread.
  void check(std::chrono::steady_clock::time_point now) const;
  // The index of the task that began last.
  std::size_t task() const noexcept { return task_.load(std::memory_order_relaxed); }
  // When the running task will have overrun; max() without one. From any thread.
  std::chrono::steady_clock::time_point deadline() const noexcept;

 private:
  bool begin_watched_task(unsigned flags);
  [[noreturn]] void throw_overrun() const;

  const std::atomic<unsigned>& flags_;
  std::stop_token stop_;
  std::chrono::nanoseconds timeout_;
  std::size_t next_task_ = 0;
  std::size_t stride_ = 1;
  std::atomic<std::size_t> task_{0};
  std::atomic<std::chrono::steady_clock::time_point> deadline_{
      std::chrono::steady_clock::time_point::max()};
};

class Batch;

// Makes a batch of the tasks that Batch::write_tasks() has written; `first` is the index of the
// first one. A function, so that other processes of the program find it.
using BatchReader = std::unique_ptr<Batch> (*)(Extraction& extraction, const Value& tasks,
                                               std::size_t first);

// Tasks drawn together, run one after the other by one worker, and delivered together.
class Batch {
 public:
  Batch(std::size_t first, std::size_t size) : first_(first), size_(size) {}
  virtual ~Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // Runs the tasks and keeps their results; the first task that throws ends it.
  virtual void run(TaskMonitor& monitor) = 0;

  // The way to another process and back: the tasks are written here and read there, the results
  // written there, after run(), and read here, all as one value. Only where TaskSource has no
  // obstacles.
  virtual BatchReader write_tasks(PickleWriter& writer) const = 0;
  virtual void write_results(PickleWriter& writer) const = 0;
  virtual void read_results(Extraction& extraction, const Value& value) = 0;
  // Makes an error the result of all tasks, where results can be errors; false where not.
  virtual bool keep_error(const std::exception_ptr& /*error*/) { return false; }
  // The same, for one of them.
  virtual bool keep_error_of(std::size_t /*task*/, const std::exception_ptr& /*error*/) {
    return false;
  }

  std::size_t first() const noexcept { return first_; }  // the index of the first task in the range
  std::size_t size() const noexcept { return size_; }

 protected:
  std::size_t first_;
  std::size_t size_;
};

// The types of a task and of its result that can't leave the process; null where they can.
struct Obstacles {
  const std::type_info* task;
  const std::type_info* result;
};

// The range of tasks, read by one thread at a time.
class TaskSource {
 public:
  virtual ~TaskSource() = default;
  // Takes up to `max` > 0 tasks; null at the end, fewer only at the end. Passes on errors of the
  // range.
  virtual std::unique_ptr<Batch> draw(std::size_t max) = 0;
  // The number of all tasks if the range knows it; called before the first draw.
  virtual std::optional<std::size_t> size() const = 0;
  // Whether batches bring results with them; if not, they need not be delivered.
  virtual bool brings_results() const = 0;
  // Whether drawing runs code of the user, who may see how far ahead it is.
  virtual bool lazy() const = 0;
  virtual Obstacles obstacles() const = 0;
};

enum class Delivery {
  collect,           // all results are wanted, in order
  stream_ordered,    // results are read one by one, in order ...
  stream_unordered,  // ... or as they become ready; either bounds the results that wait unread
};

// One running call. Destroyed before its end it cancels: running tasks are waited for, the rest
// dropped.
class Call {
 public:
  virtual ~Call() = default;
  // The next batch that is done, null after the last; waits for it, and works itself where the
  // backend allows. Throws the call's first failure once its running tasks have returned; null
  // after that.
  virtual std::unique_ptr<Batch> next() = 0;
};

struct ParallelState;

// Starts a call of the Parallel that `state` belongs to. Throws Error where the call can't begin.
std::unique_ptr<Call> start_call(std::shared_ptr<ParallelState> state,
                                 std::unique_ptr<TaskSource> source, Delivery delivery);

}  // namespace joblib::detail
