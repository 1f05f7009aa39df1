#include "joblib/process/pool.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include <pthread.h>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/log.hpp"

namespace joblib::detail {

WorkerPool::WorkerPool(WorkerPoolOptions options)
    : options_(std::move(options)),
      keeper_([this](const std::stop_token& stop) { end_idle_workers(stop); }) {}

WorkerPool::~WorkerPool() { shutdown(); }

bytes WorkerPool::call(std::span<const std::byte> request, const std::stop_token& stop) {
  Worker worker = acquire(stop);
  try {
    bytes reply = worker->call(request, stop);
    release(std::move(worker));
    return reply;
  } catch (...) {
    release(std::move(worker));
    throw;
  }
}

WorkerPool::Worker WorkerPool::acquire(const std::stop_token& stop) {
  while (Worker worker = take_idle()) {
    if (worker->is_alive()) return worker;
  }
  auto worker = std::make_unique<WorkerProcess>(options_.handler, options_.environment);
  if (!options_.initializer.empty()) worker->call(options_.initializer, stop);
  return worker;
}

WorkerPool::Worker WorkerPool::take_idle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  Worker worker = std::move(idle_.back().worker);
  idle_.pop_back();
  return worker;
}

void WorkerPool::release(Worker worker) {
  if (!worker->is_alive()) return;
  {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < most_) {
      idle_.push_back({std::move(worker), Clock::now() + options_.idle_timeout});
      return;
    }
  }
  std::vector<Worker> surplus;
  surplus.push_back(std::move(worker));
  finalize(surplus);
}

void WorkerPool::resize(std::size_t workers) {
  std::vector<Worker> surplus;
  {
    const std::lock_guard lock(mutex_);
    most_ = workers;
    for (; idle_.size() > most_; idle_.pop_front())
      surplus.push_back(std::move(idle_.front().worker));
  }
  finalize(surplus);
}

void WorkerPool::finalize(const std::vector<Worker>& workers) const {
  if (options_.finalizer.empty()) return;
  for (const Worker& worker : workers) {
    try {
      worker->call(options_.finalizer, {});
    } catch (const std::exception& error) {
      log(LogLevel::warning,
          "The finalizer of a worker process failed: " + std::string(error.what()));
    }
  }
}

// The keeper's thread. A worker that becomes idle doesn't wake it up: while there is none, it looks
// often enough.
void WorkerPool::end_idle_workers(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto now = Clock::now();
    std::vector<Worker> expired;
    for (; !idle_.empty() && idle_.front().until <= now; idle_.pop_front())
      expired.push_back(std::move(idle_.front().worker));
    const auto next = idle_.empty() ? now + options_.idle_timeout : idle_.front().until;
    if (!expired.empty()) {
      lock.unlock();
      finalize(expired);
      expired.clear();
      lock.lock();
      continue;
    }
    ended_.wait_until(lock, stop, next, [] { return false; });
  }
}

namespace {

// Never destroyed: calls may be made until the process ends.
class SharedWorkerPool {
 public:
  static SharedWorkerPool& instance() {
    static auto& pool = *new SharedWorkerPool;
    return pool;
  }

  std::shared_ptr<WorkerPool> get(const WorkerPoolOptions& options) {
    std::shared_ptr<WorkerPool> old;
    std::unique_lock lock(mutex_);
    if (pool_ == nullptr || pool_->options() != options)
      old = std::exchange(pool_, std::make_shared<WorkerPool>(options));
    std::shared_ptr<WorkerPool> pool = pool_;
    lock.unlock();
    if (old != nullptr) old->shutdown();
    return pool;
  }

  std::shared_ptr<WorkerPool> release() {
    const std::lock_guard lock(mutex_);
    return std::exchange(pool_, nullptr);
  }

 private:
  // After a fork the child has no pool: its keeper and its workers are the parent's.
  SharedWorkerPool() {
    pthread_atfork(nullptr, nullptr, [] {
      instance().left_behind_ =
          new std::shared_ptr<WorkerPool>(std::exchange(instance().pool_, nullptr));
    });
  }

  ForkSafeMutex mutex_;
  std::shared_ptr<WorkerPool> pool_;                    // guarded by mutex_
  std::shared_ptr<WorkerPool>* left_behind_ = nullptr;  // never destroyed
};

[[maybe_unused]] const auto& made_at_load = SharedWorkerPool::instance();

}  // namespace

std::shared_ptr<WorkerPool> shared_worker_pool(const WorkerPoolOptions& options) {
  return SharedWorkerPool::instance().get(options);
}

void shutdown_worker_pool() {
  if (const std::shared_ptr<WorkerPool> pool = SharedWorkerPool::instance().release())
    pool->shutdown();
}

}  // namespace joblib::detail
