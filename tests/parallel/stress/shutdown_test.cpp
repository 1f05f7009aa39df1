#include <atomic>
#include <ranges>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

namespace joblib::test {
namespace {

void check_call() {
  const std::vector<int> values =
      Parallel({.n_jobs = 3}).map([](int i) { return 2 * i; }, std::views::iota(0, 40));
  REQUIRE(values.size() == 40);
  for (int i = 0; i < 40; ++i) REQUIRE(values[static_cast<std::size_t>(i)] == 2 * i);
}

}  // namespace

TEST_CASE("shutdown waits for the tasks that run") {
  std::atomic<int> begun = 0;
  std::atomic<bool> may_end = false;
  std::jthread user([&] {
    Parallel({.n_jobs = 2, .batch_size = 1})
        .map(
            [&](int) {
              count(begun);
              may_end.wait(false);
            },
            std::views::iota(0, 2));
  });
  wait_until(begun, 2);
  std::jthread helper([&] {
    std::this_thread::yield();
    may_end = true;
    may_end.notify_all();
  });
  shutdown();
  CHECK(may_end);
  check_call();
}

TEST_CASE("shutdown is an error in the range and in on_progress as in a task") {
  for (const int n_jobs : {1, 4}) {
    int refused_by_range = 0;
    int refused_by_progress = 0;
    const auto make = [&](int i) {
      if (error_code([] { shutdown(); })) ++refused_by_range;
      return delayed([](int j) { return j; })(i);
    };
    const auto watch = [&](const Progress&) {
      if (error_code([] { shutdown(); })) ++refused_by_progress;
    };
    const auto values = Parallel({.n_jobs = n_jobs, .on_progress = watch})(stream_of(make, 100));
    CHECK(values.size() == 100);
    CHECK(refused_by_range == 100);
    CHECK(refused_by_progress >= 100);
  }
}

TEST_CASE("shutdown beside unread generators does not wait for their readers") {
  const auto make = [](int i) { return delayed([](int j) { return j; })(i); };
  auto results = Parallel({.n_jobs = 2}).generator(stream_of(make, 100));
  shutdown();
  int expected = 0;
  for (const int value : results) CHECK(value == expected++);
  CHECK(expected == 100);
}

TEST_CASE("Calls and shutdowns of several threads go together") {
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  std::atomic<int> users = 2;
  for (int user = 0; user < 2; ++user) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        const std::vector<int> values =
            Parallel({.n_jobs = 3}).map([](int j) { return 2 * j; }, std::views::iota(0, 10));
        if (values.size() != 10 || values[9] != 18) ++wrong;
      }
      --users;
    });
  }
  for (int closer = 0; closer < 2; ++closer) {
    threads.emplace_back([&] {
      while (users > 0) shutdown();
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}

}  // namespace joblib::test
