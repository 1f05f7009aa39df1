#pragma once

#include <mutex>

namespace joblib::detail {

/// A mutex for state of the whole process: it is never left locked in the child of a fork, since
/// the forking thread holds all of these while it forks. While one is held, no other may be locked.
///
/// What holds one and lives as long as the process is a function-local static that a
/// namespace-scope reference in the same file makes at load time: made later, by one thread while
/// another one forks, it would stay half-made in the child, and whoever asks for it would wait for
/// ever.
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
