#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <ranges>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/stress/sanitizers.hpp"

namespace joblib::test {
namespace {

bool call_is_right() {
  const std::vector<int> values =
      Parallel({.n_jobs = 3}).map([](int i) { return 2 * i; }, std::views::iota(0, 40));
  return values.size() == 40 && values[39] == 78;
}

// Forks a child that runs calls; true if all was well there. A child that hangs is ended by alarm.
bool child_is_well() {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    bool well = call_is_right();
    log(LogLevel::debug, "child");
    shutdown();
    well = well && call_is_right();
    _exit(well ? 0 : 1);
  }
  int status = -1;
  return waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

TEST_CASE("A child that is forked while other threads call Parallel can call it too") {
  // The first one's children can't start threads, and may find the other one's allocator locked.
  if (thread_sanitizer || address_sanitizer) return;
  const SinkGuard quiet([](const LogRecord&) {});
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> users;
  for (int user = 0; user < 2; ++user) {
    users.emplace_back([&] {
      while (!over) {
        if (!call_is_right()) ++wrong;
        log(LogLevel::debug, "parent");
      }
    });
  }
  int unwell = 0;
  for (int i = 0; i < 60; ++i) unwell += child_is_well() ? 0 : 1;
  over = true;
  users.clear();
  CHECK(unwell == 0);
  CHECK(wrong == 0);
  CHECK(call_is_right());
}

TEST_CASE("A child that is forked while tasks run has none of them and its parent keeps them") {
  if (thread_sanitizer) return;
  std::atomic<int> begun = 0;
  std::atomic<bool> may_end = false;
  std::vector<int> values;
  std::jthread user([&] {
    values = Parallel({.n_jobs = 3, .batch_size = 1})
                 .map(
                     [&](int i) {
                       count(begun);
                       may_end.wait(false);
                       return i;
                     },
                     std::views::iota(0, 30));
  });
  wait_until(begun, 3);
  CHECK(child_is_well());
  may_end = true;
  may_end.notify_all();
  user.join();
  CHECK(values.size() == 30);
}

}  // namespace joblib::test
