#include "joblib/core/detail/fork_safe_mutex.hpp"

#include <vector>

#include <pthread.h>

namespace joblib::detail {

namespace {

// All that exist. Never destroyed: mutexes may be made and forks happen until the process ends.
struct ForkSafeMutexes {
  std::mutex mutex;
  std::vector<ForkSafeMutex*> all;  // guarded by mutex

  ForkSafeMutexes() {
    pthread_atfork([] { instance().lock_all(); }, [] { instance().unlock_all(); },
                   [] { instance().unlock_all(); });
  }

  static ForkSafeMutexes& instance() {
    static auto& mutexes = *new ForkSafeMutexes;
    return mutexes;
  }

  void lock_all() {
    mutex.lock();
    for (ForkSafeMutex* each : all) each->lock();
  }

  void unlock_all() {
    for (ForkSafeMutex* each : all) each->unlock();
    mutex.unlock();
  }
};

[[maybe_unused]] const auto& made_at_load = ForkSafeMutexes::instance();

}  // namespace

ForkSafeMutex::ForkSafeMutex() {
  auto& mutexes = ForkSafeMutexes::instance();
  const std::lock_guard lock(mutexes.mutex);
  mutexes.all.push_back(this);
}

ForkSafeMutex::~ForkSafeMutex() {
  auto& mutexes = ForkSafeMutexes::instance();
  const std::lock_guard lock(mutexes.mutex);
  std::erase(mutexes.all, this);
}

}  // namespace joblib::detail
