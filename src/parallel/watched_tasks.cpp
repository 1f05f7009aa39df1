#include "watched_tasks.hpp"

#include <algorithm>
#include <utility>

#include "joblib/core/error.hpp"

namespace joblib::detail {

void WatchedTasks::add(const TaskMonitor& monitor, std::stop_source end) {
  watched_.push_back({&monitor, std::move(end)});
}

bool WatchedTasks::remove(const TaskMonitor& monitor) {
  return std::erase_if(watched_, [&](const Watched& each) { return each.monitor == &monitor; }) > 0;
}

WatchedTasks::Clock::time_point WatchedTasks::deadline(Clock::time_point latest) const {
  for (const Watched& each : watched_) latest = std::min(latest, each.monitor->deadline());
  return latest;
}

WatchedTasks::Overdue WatchedTasks::take_overdue(Clock::time_point now) {
  Overdue overdue;
  std::erase_if(watched_, [&](const Watched& each) {
    try {
      each.monitor->check(now);
      return false;
    } catch (const TimeoutError&) {
      if (each.end.stop_possible()) {
        overdue.ends.push_back(each.end);
      } else {
        overdue.failure = std::current_exception();
      }
      return true;
    }
  });
  return overdue;
}

}  // namespace joblib::detail
