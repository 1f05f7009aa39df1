#pragma once

#include <memory>

#include <sys/types.h>

#include "entries.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/memory/options.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib::detail {

/// Keeps a store within limits, in a thread of its own: when one is exceeded, results go until a
/// tenth of it is free. It goes through the store when it begins, and is told what this process
/// adds; what others add it finds when it goes through the store again: whenever a 20th of a limit
/// has been added, and, as long as that finds nothing new, twice as much the next time, up to the
/// limit. A forked process gets a thread of its own when it adds something.
class SizeKeeper {
 public:
  SizeKeeper(std::shared_ptr<StoreBackend> store, const SizeLimits& limits, bool verbose);
  SizeKeeper(const SizeKeeper&) = delete;
  SizeKeeper& operator=(const SizeKeeper&) = delete;
  ~SizeKeeper();

  /// A result that is new in the store.
  void added(StoredEntry entry);

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
