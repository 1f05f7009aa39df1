#include "joblib/backend/threading.hpp"

#include <pthread.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "joblib/core/cpu_count.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/detail/spin.hpp"

namespace joblib {
namespace {

// An Asio pool that grows: there is a thread for every submission that waits or runs.
class GrowingPool {
 public:
  GrowingPool() = default;
  GrowingPool(const GrowingPool&) = delete;
  GrowingPool& operator=(const GrowingPool&) = delete;
  ~GrowingPool() { close(); }

  // False if the pool has been closed.
  bool submit(const Work& work) {
    {
      const detail::SpinningLock lock(mutex_);
      if (closed_) return false;
      if (handed_over_.size() < lingering_) {
        handed_over_.push_back(work);
        news_ = true;
        ++submissions_;
        return true;
      }
      if (submissions_ == threads_.size()) threads_.emplace_back([this] { pool_.attach(); });
      ++submissions_;
    }
    try {
      boost::asio::post(pool_, [this, work] { run_and_linger(work); });
    } catch (...) {
      end_submission();
      throw;
    }
    return true;
  }

  // Waits for all submissions and joins the threads.
  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    submission_ended_.wait(lock, [this] { return submissions_ == 0; });
    std::vector<std::thread> threads = std::exchange(threads_, {});
    lock.unlock();
    pool_.stop();
    for (std::thread& thread : threads) thread.join();
  }

 private:
  // A thread looks out for more work for a while before it goes back to Asio, and to sleep: the
  // next call often comes at once, and waking a thread up takes longer than many a call.
  void run_and_linger(Work work) {
    for (;;) {
      work();
      end_submission();
      detail::SpinningLock lock(mutex_);
      ++lingering_;
      lock.unlock();
      detail::spin_for([this] { return news_.load(std::memory_order_relaxed); }, linger_tries);
      lock.lock();
      --lingering_;
      if (handed_over_.empty()) return;
      work = std::move(handed_over_.front());
      handed_over_.pop_front();
      news_ = !handed_over_.empty();
    }
  }

  void end_submission() {
    const detail::SpinningLock lock(mutex_);
    --submissions_;
    if (closed_) submission_ended_.notify_all();
  }

  static constexpr int linger_tries = 2000;

  boost::asio::thread_pool pool_{0};
  std::mutex mutex_;
  std::condition_variable submission_ended_;
  std::vector<std::thread> threads_;  // guarded by mutex_
  std::size_t submissions_ = 0;       // waiting or running; guarded by mutex_
  std::size_t lingering_ = 0;         // threads that look out for work; guarded by mutex_
  std::deque<Work> handed_over_;      // to lingering threads; guarded by mutex_
  std::atomic<bool> news_ = false;    // whether handed_over_ holds something
  bool closed_ = false;               // guarded by mutex_
};

// The pool of this process, started when first used. Never destroyed, and its threads are not
// joined when the process ends: calls may be made, and tasks may run, until the very end.
class SharedPool {
 public:
  static SharedPool& instance() {
    static auto& pool = *new SharedPool;
    return pool;
  }

  std::shared_ptr<GrowingPool> get() {
    const std::lock_guard lock(mutex_);
    if (pool_ == nullptr) pool_ = std::make_shared<GrowingPool>();
    return pool_;
  }

  std::shared_ptr<GrowingPool> release() {
    const std::lock_guard lock(mutex_);
    return std::exchange(pool_, nullptr);
  }

 private:
  // After a fork the child has no pool: the threads stayed behind, so their object is left alone.
  SharedPool() {
    pthread_atfork(nullptr, nullptr, [] {
      instance().left_behind_ =
          new std::shared_ptr<GrowingPool>(std::exchange(instance().pool_, nullptr));
    });
  }

  detail::ForkSafeMutex mutex_;
  std::shared_ptr<GrowingPool> pool_;                    // guarded by mutex_
  std::shared_ptr<GrowingPool>* left_behind_ = nullptr;  // never destroyed
};

[[maybe_unused]] const auto& pool_made_at_load = SharedPool::instance();

}  // namespace

BackendTraits ThreadingBackend::traits() const {
  return {.supports_sharedmem = true,
          .uses_threads = true,
          .supports_timeout = true,
          .caller_works = true};
}

void ThreadingBackend::submit(Work work) {
  while (!SharedPool::instance().get()->submit(work)) {
  }
}

int ThreadingBackend::effective_n_jobs(int n_jobs) const {
  return detail::parallelism_disabled() ? 1 : ParallelBackend::effective_n_jobs(n_jobs);
}

void detail::shutdown_thread_pool() {
  if (const std::shared_ptr<GrowingPool> pool = SharedPool::instance().release()) pool->close();
}

}  // namespace joblib
