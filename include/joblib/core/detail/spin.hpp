#pragma once

#include <mutex>
#include <thread>

namespace joblib::detail {

/// Waits, without sleeping, for what another running thread is about to do. Each try takes some ten
/// nanoseconds; going to sleep and being woken up costs thousands. Returns whether `ready()` came
/// true.
template <class Ready>
bool spin_for(Ready ready, int tries) {
  for (int i = 0; i < tries; ++i) {
    if (ready()) return true;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }
  return false;
}

/// A lock of a mutex that is held for far less than a thread takes to fall asleep and wake up.
class SpinningLock : public std::unique_lock<std::mutex> {
 public:
  explicit SpinningLock(std::mutex& mutex) : unique_lock(mutex, std::defer_lock) { lock(); }

  void lock() {
    if (!spin_for([this] { return try_lock(); }, 100)) unique_lock::lock();
  }
};

}  // namespace joblib::detail
