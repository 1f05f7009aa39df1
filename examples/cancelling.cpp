// Ends a call from outside: by another thread, a signal handler's thread, a window's button.

#include <atomic>
#include <functional>
#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>
#include <stop_token>
#include <thread>

using joblib::delayed, joblib::Parallel;

// [task]
// Runs until it is told to stop.
void wait_for_stop(std::stop_token stop, std::atomic<int>& started) {
  ++started;
  started.notify_all();
  while (!stop.stop_requested()) std::this_thread::yield();
}
// [task]

int main() {
  // [cancel]
  std::stop_source source;
  std::atomic<int> started = 0;
  std::jthread user([&] {
    started.wait(0);  // once a task runs ...
    source.request_stop();
  });

  try {
    Parallel({.n_jobs = 2, .stop = source.get_token()})(
        std::views::iota(0, 1000) |
        std::views::transform([&](int) { return delayed(wait_for_stop)(std::ref(started)); }));
  } catch (const joblib::Cancelled& cancelled) {
    std::cout << cancelled.what() << '\n';
  }
  // [cancel]
  std::cout << (started < 10 ? "most tasks were never started\n" : "too many were started\n");
}
