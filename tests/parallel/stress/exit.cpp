// Calls of Parallel while the process ends, one way each time: exit <way>.

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <ranges>
#include <string_view>
#include <thread>

#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

namespace joblib::test {
namespace {

void call_and_check() {
  const auto make = [](int i) { return delayed([](int j) { return j; })(i); };
  const auto tasks = std::views::iota(0, 100) | std::views::transform(make);
  int sum = 0;
  for (const int value : Parallel({.n_jobs = 3}).generator(tasks)) sum += value;
  for (const int value : Parallel({.n_jobs = 3, .verbose = 1})(tasks)) sum += value;
  if (sum != 9900) std::_Exit(1);
}

struct CallsWhenDestroyed {
  bool active = false;
  ~CallsWhenDestroyed() {
    if (active) call_and_check();
  }
};

CallsWhenDestroyed made_first;
std::optional<Generator<int>> unread;

void exit_in_task() {
  Parallel({.n_jobs = 3})
      .map(
          [](int i) {
            if (i == 500) std::exit(0);
          },
          std::views::iota(0, 1000));
}

template <class Action>
void repeat_in_another_thread(Action action) {
  static std::atomic<int> begun = 0;
  std::thread([action] {
    for (;;) {
      action();
      count(begun);
    }
  }).detach();
  wait_until(begun, 3);
}

int run(std::string_view way) {
  if (way == "cold_static") {
    made_first.active = true;
  } else if (way == "warm_static") {
    made_first.active = true;
    call_and_check();
  } else if (way == "atexit") {
    std::atexit(call_and_check);
    call_and_check();
  } else if (way == "thread_local") {
    std::thread([] {
      thread_local CallsWhenDestroyed destroyed_last;
      destroyed_last.active = true;
      call_and_check();
    }).join();
  } else if (way == "unread_generator") {
    const auto make = [](int i) { return delayed([](int j) { return j; })(i); };
    unread.emplace(Parallel({.n_jobs = 3}).generator(stream_of(make)));
  } else if (way == "task") {
    exit_in_task();
  } else if (way == "other_thread_calls") {
    repeat_in_another_thread(call_and_check);
  } else {
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace joblib::test

int main(int argc, char** argv) { return argc == 2 ? joblib::test::run(argv[1]) : 2; }
