#pragma once

#include <chrono>
#include <exception>
#include <stop_token>
#include <vector>

#include "joblib/parallel/detail/call.hpp"

namespace joblib::detail {

// The running tasks of a call that have a time limit. Guarded by the mutex of the call.
class WatchedTasks {
 public:
  using Clock = std::chrono::steady_clock;

  // What is to be done about those that overran, which are watched no more.
  struct Overdue {
    std::exception_ptr failure = nullptr;     // a TimeoutError of one that can't be ended alone
    std::vector<std::stop_source> ends = {};  // of the others
  };

  // The tasks of a worker; `end` is for those that run elsewhere and can be ended alone.
  void add(const TaskMonitor& monitor, std::stop_source end = std::stop_source(std::nostopstate));
  // False where take_overdue() has had it.
  bool remove(const TaskMonitor& monitor);

  // When the first of them overruns; `latest` if that is sooner.
  Clock::time_point deadline(Clock::time_point latest) const;
  Overdue take_overdue(Clock::time_point now);

 private:
  struct Watched {
    const TaskMonitor* monitor;
    std::stop_source end;
  };

  std::vector<Watched> watched_ = {};
};

}  // namespace joblib::detail
