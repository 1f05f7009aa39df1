#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "joblib/io/file.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib::detail {

/// Locks by name: between the threads of this process and, with a file that all share, between the
/// processes of this machine. Locks end with their process, also where a forked child lives on; the
/// child holds none of them.
class NameLocks {
 public:
  /// Without a file: between threads only. The file, and its folder, are made when they are needed.
  explicit NameLocks(std::string file = {});
  NameLocks(const NameLocks&) = delete;
  NameLocks& operator=(const NameLocks&) = delete;
  ~NameLocks();

  /// Waits for the lock, which must not outlive this object. Null where the file can't be locked.
  std::unique_ptr<StoreLock> lock(std::string_view name);

 private:
  class Held;
  struct Process;

  // Threads that wait for the holder of a key; `released` changes when it is theirs to take.
  struct Queue {
    std::atomic<int> released = 0;
    int waiting = 0;
    bool held = true;
  };

  void acquire(std::uint64_t key);
  void release(std::uint64_t key);
  std::shared_ptr<FileDescriptor> file();

  const std::string path_;
  std::unordered_map<std::uint64_t, Queue> queues_ = {};  // guarded by the mutex of the process
  std::shared_ptr<FileDescriptor> file_ = nullptr;        // guarded by the mutex of the process
};

}  // namespace joblib::detail
