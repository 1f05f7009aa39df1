#pragma once

#include <mutex>

namespace joblib::detail {

/// A mutex for state of the whole process: it is never left locked in the child of a fork, since
/// the forking thread holds all of these while it forks. While one is held, no other may be locked.
class ForkSafeMutex {
 public:
  ForkSafeMutex();
  ~ForkSafeMutex();
  ForkSafeMutex(const ForkSafeMutex&) = delete;
  ForkSafeMutex& operator=(const ForkSafeMutex&) = delete;

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

}  // namespace joblib::detail
