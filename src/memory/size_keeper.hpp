#pragma once

#include <cstdint>
#include <memory>

#include <sys/types.h>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/memory/options.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib::detail {

/// Keeps a store within limits, in a thread of its own. It goes through the store when it begins,
/// and whenever as much as a 20th of a limit has been added; then it removes so much that it stays
/// idle for as long again. A forked process gets a thread of its own when it adds something.
class SizeKeeper {
 public:
  SizeKeeper(std::shared_ptr<StoreBackend> store, const SizeLimits& limits, bool verbose);
  SizeKeeper(const SizeKeeper&) = delete;
  SizeKeeper& operator=(const SizeKeeper&) = delete;
  ~SizeKeeper();

  void added(std::uint64_t bytes);

 private:
  class Thread;

  std::shared_ptr<StoreBackend> store_;
  SizeLimits limits_;
  bool verbose_;
  ForkSafeMutex mutex_ = {};
  pid_t process_;  // that has the thread
  std::unique_ptr<Thread> thread_;
};

}  // namespace joblib::detail
