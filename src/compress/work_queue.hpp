#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace joblib::detail {

// Runs jobs, the oldest first, in `n_threads` threads, the one that waits among them. A single job
// takes no other thread. Used by one thread at a time.
class WorkQueue {
 public:
  class Job {
   public:
    virtual ~Job() = default;

   private:
    friend WorkQueue;

    virtual void run() = 0;

    std::exception_ptr error_ = {};
    bool done_ = false;  // guarded by the mutex of the queue
  };

  explicit WorkQueue(std::size_t n_threads) : n_threads_(n_threads) {}
  ~WorkQueue() { stop(); }
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  // The job must live until wait() or stop() has returned; later it may be added anew.
  void add(Job& job);

  // Runs jobs for as long as this one isn't done. Throws what it threw.
  void wait(Job& job);

  // Forgets the jobs that haven't begun and waits for the others.
  void stop();

 private:
  using Lock = std::unique_lock<std::mutex>;

  void run_next(Lock& lock);
  void work(const std::stop_token& stop);
  void add_thread();

  std::size_t n_threads_;
  std::mutex mutex_;
  std::condition_variable_any waiting_changed_;
  std::condition_variable job_done_;
  std::deque<Job*> waiting_ = {};  // not taken yet; guarded by mutex_
  std::vector<std::jthread> threads_ = {};
};

}  // namespace joblib::detail
