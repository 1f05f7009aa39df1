#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "joblib/backend/parallel_backend.hpp"

namespace joblib::test {

/// A backend with a fixed number of threads. Work that still waits when it is destroyed is dropped.
class FixedPool : public ParallelBackend {
 public:
  FixedPool(int threads, BackendTraits traits, std::string name = "FixedPool")
      : traits_(traits), name_(std::move(name)) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
  }
  ~FixedPool() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }
  FixedPool(const FixedPool&) = delete;
  FixedPool& operator=(const FixedPool&) = delete;

  std::string_view name() const override { return name_; }
  BackendTraits traits() const override { return traits_; }
  void submit(Work work) override {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(work));
    }
    changed_.notify_one();
  }

 private:
  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return closed_ || !queue_.empty(); });
      if (closed_) return;
      const Work work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  BackendTraits traits_;
  std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;  // guarded by mutex_
  bool closed_ = false;     // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace joblib::test
