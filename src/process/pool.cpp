#include "joblib/process/pool.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <iterator>
#include <string>
#include <utility>

#include <pthread.h>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"

namespace joblib::detail {
namespace {

void log_failed_finalizer(const std::exception& error) {
  log(LogLevel::warning, "The finalizer of a worker process failed: " + std::string(error.what()));
}

}  // namespace

WorkerPool::WorkerPool(WorkerPoolOptions options)
    : options_(std::move(options)),
      keeper_([this](const std::stop_token& stop) { end_idle_workers(stop); }) {}

WorkerPool::~WorkerPool() {
  keeper_.request_stop();
  keeper_.join();
  shutdown();
}

Message WorkerPool::call(const Message& request, const std::stop_token& stop,
                         const std::string& output_tag, const std::function<void()>& begin,
                         const Environment& environment) {
  Worker worker = acquire(environment);
  try {
    Message reply = worker->call(request, stop, output_tag, begin);
    release(std::move(worker));
    return reply;
  } catch (...) {
    release(std::move(worker));
    throw;
  }
}

WorkerPool::Worker WorkerPool::acquire(const Environment& environment) {
  while (Worker worker = take_idle(environment)) {
    if (worker->is_alive()) return worker;
  }
  return std::make_unique<WorkerProcess>(options_.handler, environment, options_.initializer);
}

// The one used last.
WorkerPool::Worker WorkerPool::take_idle(const Environment& environment) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [&](const Idle& idle) {
    return idle.worker->environment() == environment;
  });
  if (found == idle_.rend()) return nullptr;
  Worker worker = std::move(found->worker);
  idle_.erase(std::next(found).base());
  return worker;
}

void WorkerPool::release(Worker worker) {
  if (!worker->is_alive()) return;
  if (worker->leaks()) {
    log(LogLevel::debug, "A worker process is replaced, because its tasks leak memory");
  } else {
    const std::lock_guard lock(mutex_);
    if (!shut_down_) {
      idle_.push_back({std::move(worker), Clock::now()});
      return;
    }
  }
  std::vector<Worker> unwanted;
  unwanted.push_back(std::move(worker));
  dismiss(std::move(unwanted));
}

// Has the keeper end them: a finalizer may take its time.
void WorkerPool::dismiss(std::vector<Worker> workers) {
  const std::lock_guard lock(mutex_);
  std::ranges::move(workers, std::back_inserter(dismissed_));
  changed_.notify_all();
}

void WorkerPool::begin_call(std::size_t workers) {
  std::unique_lock lock(mutex_);
  wanted_ += workers;
  shut_down_ = false;
  auto surplus = take_idle(wanted_, Clock::now() - options_.surplus_timeout);
  lock.unlock();
  if (!surplus.empty()) dismiss(std::move(surplus));
}

void WorkerPool::end_call(std::size_t workers) {
  const std::lock_guard lock(mutex_);
  wanted_ -= workers;
}

void WorkerPool::shutdown() {
  std::unique_lock lock(mutex_);
  shut_down_ = true;
  auto all = take_idle(0, Clock::time_point::max());
  std::ranges::move(std::exchange(dismissed_, {}), std::back_inserter(all));
  lock.unlock();
  finalize(all);
  all.clear();
  lock.lock();
  changed_.wait(lock, [this] { return !ends_some_; });
}

// With the mutex locked: those that are more than `most`, and idle since then.
std::vector<WorkerPool::Worker> WorkerPool::take_idle(std::size_t most, Clock::time_point since) {
  std::vector<Worker> taken;
  for (; idle_.size() > most && idle_.front().since <= since; idle_.pop_front())
    taken.push_back(std::move(idle_.front().worker));
  return taken;
}

// All at the same time.
void WorkerPool::finalize(const std::vector<Worker>& workers) const {
  if (options_.finalizer.empty()) return;
  const auto deadline = Clock::now() + options_.finalizer_timeout;
  std::stop_source too_late;
  std::vector<std::future<void>> ends;
  try {
    for (const Worker& worker : workers) {
      ends.push_back(std::async(std::launch::async, [&, token = too_late.get_token()] {
        worker->call({.payload = options_.finalizer}, token);
      }));
    }
  } catch (const std::exception& error) {
    log_failed_finalizer(error);
  }
  for (const auto& end : ends) end.wait_until(deadline);
  too_late.request_stop();
  for (auto& end : ends) {
    try {
      end.get();
    } catch (const Cancelled&) {
      log_failed_finalizer(Error(errc::timed_out, "it took too long, and the worker was killed"));
    } catch (const std::exception& error) {
      log_failed_finalizer(error);
    }
  }
}

// The keeper's thread. A worker that becomes idle doesn't wake it up: while there is none, it looks
// often enough.
void WorkerPool::end_idle_workers(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds shortest_wait(10);
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto now = Clock::now();
    auto ending = take_idle(0, now - options_.idle_timeout);
    std::ranges::move(std::exchange(dismissed_, {}), std::back_inserter(ending));
    if (!ending.empty()) {
      ends_some_ = true;
      lock.unlock();
      finalize(ending);
      ending.clear();
      lock.lock();
      ends_some_ = false;
      changed_.notify_all();
      continue;
    }
    const auto next = (idle_.empty() ? now : idle_.front().since) + options_.idle_timeout;
    changed_.wait_until(lock, stop, std::max(next, now + shortest_wait),
                        [this] { return !dismissed_.empty(); });
  }
}

namespace {

// Never destroyed: calls may be made until the process ends.
class SharedWorkerPools {
 public:
  using Pool = std::shared_ptr<WorkerPool>;

  static SharedWorkerPools& instance() {
    static auto& pools = *new SharedWorkerPools;
    return pools;
  }

  Pool begin_call(const WorkerPoolOptions& options, std::size_t workers) {
    std::unique_lock lock(mutex_);
    const Pool pool = latest(options);
    const std::vector<Pool> surplus = take_surplus();
    lock.unlock();
    for (const Pool& each : surplus) each->shutdown();
    pool->begin_call(workers);
    return {pool.get(), [pool, workers](WorkerPool*) { instance().end_call(pool, workers); }};
  }

  std::vector<Pool> release() {
    const std::lock_guard lock(mutex_);
    return std::exchange(pools_, {});
  }

 private:
  static constexpr std::ptrdiff_t most_unused = 3;

  // After a fork the child has no pools: their keepers and their workers are the parent's.
  SharedWorkerPools() {
    pthread_atfork(nullptr, nullptr, [] {
      instance().left_behind_ = new std::vector<Pool>(std::exchange(instance().pools_, {}));
    });
  }

  // With the mutex locked, as the next one.
  Pool latest(const WorkerPoolOptions& options) {
    const auto found = std::ranges::find(pools_, options, &WorkerPool::options);
    if (found == pools_.end()) return pools_.emplace_back(std::make_shared<WorkerPool>(options));
    std::rotate(found, found + 1, pools_.end());
    return pools_.back();
  }

  std::vector<Pool> take_surplus() {
    const auto is_unused = [](const Pool& pool) { return pool.use_count() == 1; };
    std::ptrdiff_t unused = std::ranges::count_if(pools_, is_unused);
    std::vector<Pool> surplus;
    std::erase_if(pools_, [&](const Pool& pool) {
      if (unused <= most_unused || !is_unused(pool)) return false;
      --unused;
      surplus.push_back(pool);
      return true;
    });
    return surplus;
  }

  void end_call(const Pool& pool, std::size_t workers) {
    std::unique_lock lock(mutex_);
    if (std::ranges::find(pools_, pool) == pools_.end()) return;  // a fork's mutex may be locked
    lock.unlock();
    pool->end_call(workers);
  }

  ForkSafeMutex mutex_;
  std::vector<Pool> pools_;                   // the one used last at the end; guarded by mutex_
  std::vector<Pool>* left_behind_ = nullptr;  // never destroyed
};

[[maybe_unused]] const auto& pools_made_at_load = SharedWorkerPools::instance();

}  // namespace

std::shared_ptr<WorkerPool> shared_worker_pool(const WorkerPoolOptions& options,
                                               std::size_t workers) {
  return SharedWorkerPools::instance().begin_call(options, workers);
}

void shutdown_worker_pools() {
  for (const auto& pool : SharedWorkerPools::instance().release()) pool->shutdown();
}

}  // namespace joblib::detail
