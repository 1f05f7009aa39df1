#include <chrono>
#include <cstdio>
#include <string>

#include "joblib/core/error.hpp"
#include "joblib/parallel/detail/call.hpp"

namespace joblib::detail {

using Clock = std::chrono::steady_clock;

bool TaskMonitor::begin_watched_task(unsigned flags) {
  if ((flags & abandoned) != 0) return false;
  if ((flags & counted) != 0) {
    task_.store(next_task_++, std::memory_order_relaxed);
    return true;
  }
  const Clock::time_point now = Clock::now();
  check(now);
  task_.store(next_task_++, std::memory_order_relaxed);
  deadline_.store(now + timeout_, std::memory_order_release);
  return true;
}

void TaskMonitor::stop_clock() noexcept {
  deadline_.store(Clock::time_point::max(), std::memory_order_relaxed);
}

void TaskMonitor::start_clock() noexcept {
  if ((flags_.load(std::memory_order_relaxed) & timed) != 0)
    deadline_.store(Clock::now() + timeout_, std::memory_order_relaxed);
}

void TaskMonitor::end_batch(bool is_overdue) {
  if (!is_overdue && deadline() == Clock::time_point::max()) return;
  const auto deadline = deadline_.exchange(Clock::time_point::max(), std::memory_order_relaxed);
  if (is_overdue || deadline <= Clock::now()) throw_overrun();
}

void TaskMonitor::check(Clock::time_point now) const {
  if (deadline() <= now) throw_overrun();
}

void TaskMonitor::throw_overrun() const {
  char seconds[32];
  std::snprintf(seconds, sizeof(seconds), "%g", std::chrono::duration<double>(timeout_).count());
  throw TimeoutError(
      "task " + std::to_string(task_.load(std::memory_order_relaxed)) +
      " (counted from 0) ran longer than timeout = " + seconds +
      " s; give it more time, or, in a thread, let it return when its stop_token asks for "
      "it");
}

Clock::time_point TaskMonitor::deadline() const noexcept {
  return deadline_.load(std::memory_order_acquire);
}

}  // namespace joblib::detail
