#include "work_queue.hpp"

#include <system_error>

namespace joblib::detail {

void WorkQueue::add(Job& job) {
  job.done_ = false;
  bool alone = false;
  {
    const Lock lock(mutex_);
    alone = waiting_.empty();
    waiting_.push_back(&job);
  }
  if (!alone) add_thread();
  waiting_changed_.notify_one();
}

void WorkQueue::wait(Job& job) {
  {
    Lock lock(mutex_);
    while (!job.done_) {
      if (waiting_.empty()) {
        job_done_.wait(lock);
      } else {
        run_next(lock);
      }
    }
  }
  if (job.error_) std::rethrow_exception(job.error_);
}

void WorkQueue::stop() {
  {
    const Lock lock(mutex_);
    waiting_.clear();
  }
  threads_.clear();
}

void WorkQueue::run_next(Lock& lock) {
  Job& job = *waiting_.front();
  waiting_.pop_front();
  lock.unlock();
  try {
    job.run();
  } catch (...) {
    job.error_ = std::current_exception();
  }
  lock.lock();
  job.done_ = true;
  job_done_.notify_one();
}

void WorkQueue::work(const std::stop_token& stop) {
  Lock lock(mutex_);
  while (waiting_changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) run_next(lock);
}

// Where the system has no more threads, fewer must do.
void WorkQueue::add_thread() {
  if (threads_.size() + 1 >= n_threads_) return;
  try {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  } catch (const std::system_error&) {
    n_threads_ = threads_.size() + 1;
  }
}

}  // namespace joblib::detail
