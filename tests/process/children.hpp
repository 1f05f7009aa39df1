#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "joblib/io/file.hpp"

namespace joblib::test {

inline std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// The processes that this one has started and not waited for.
inline std::set<int> children() {
  std::set<int> found;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(thread.path() / "children");
    for (int id = 0; file >> id;) found.insert(id);
  }
  return found;
}

/// Waits until no more than so many are left; false if that doesn't come.
inline bool children_end(std::size_t most) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (children().size() > most) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A process, whoever started it.
class Watched {
 public:
  explicit Watched(int id) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, id, 0))) {}

  /// Waits for its end; false if that doesn't come.
  bool ends(std::chrono::milliseconds longest = std::chrono::minutes(1)) const {
    pollfd end = {.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return fd_.get() < 0 || ::poll(&end, 1, static_cast<int>(longest.count())) == 1;
  }

  void signal(int number) const { ::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0); }

 private:
  detail::FileDescriptor fd_;
};

}  // namespace joblib::test
