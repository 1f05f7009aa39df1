#include <atomic>
#include <memory>
#include <optional>
#include <ranges>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/stress/tracked.hpp"

namespace joblib::test {
namespace {

struct Living {
  std::atomic<long> arguments = 0;
  std::atomic<long> results = 0;

  auto task(int i) {
    return delayed([this](TrackedOnce&& argument) {
      const TrackedOnce own = std::move(argument);
      return Tracked(results, own.value() + 1);
    })(TrackedOnce(arguments, i));
  }
  auto tasks(int size) {
    std::vector<decltype(task(0))> made;
    for (int i = 0; i < size; ++i) made.push_back(task(i));
    return made;
  }
  auto lazy_tasks(int size) {
    return std::views::iota(0, size) | std::views::transform([this](int i) { return task(i); });
  }
  bool none() const { return arguments == 0 && results == 0; }
};

// Tasks of which the first blocks until it is asked to stop, and counts when it has begun.
auto blocking_tasks(Living& living, std::atomic<int>& begun, int size) {
  return std::views::iota(0, size) | std::views::transform([&](int i) {
           return delayed([&](const std::stop_token& stop, const Tracked& argument) {
             count(begun);
             wait_for_stop(stop);
             return Tracked(living.results, argument.value());
           })(Tracked(living.arguments, i));
         });
}

}  // namespace

TEST_CASE("Temporaries in the head of a loop over a generator live as long as the loop") {
  Living living;
  for (const int n_jobs : {1, 2, 4}) {
    int expected = 1;
    for (auto&& result : Parallel({.n_jobs = n_jobs}).generator(living.tasks(50)))
      CHECK(result.value() == expected++);
    CHECK(expected == 51);
    long sum = 0;
    for (auto&& result : Parallel({.n_jobs = n_jobs}).generator_unordered(living.lazy_tasks(50)))
      sum += result.value();
    CHECK(sum == 50 * 51 / 2);
    CHECK(living.none());
  }
}

TEST_CASE("A generator outlives its Parallel and its configuration") {
  Living living;
  using Results = decltype(Parallel().generator(living.tasks(0)));
  std::optional<Results> results;
  {
    const parallel_config guard({.n_jobs = 3});
    Parallel parallel;
    results.emplace(parallel.generator(living.tasks(30)));
  }
  std::vector<Tracked> read;
  for (auto&& result : *results) read.push_back(std::move(result));
  results.reset();
  CHECK(living.arguments == 0);
  REQUIRE(read.size() == 30);
  CHECK(read.back().value() == 30);
}

TEST_CASE("A result that was moved out of a generator outlives it and its call") {
  Living living;
  std::optional<Tracked> kept;
  {
    const SinkGuard quiet([](const LogRecord&) {});
    for (auto&& result : Parallel({.n_jobs = 2}).generator(living.lazy_tasks(1000))) {
      kept.emplace(std::move(result));
      break;
    }
  }
  CHECK(kept->value() == 1);
  CHECK(living.arguments == 0);
  CHECK(living.results == 1);
}

TEST_CASE("A generator can be destroyed in another thread while its tasks run") {
  const SinkGuard quiet([](const LogRecord&) {});
  for (const bool unordered : {false, true}) {
    Living living;
    std::atomic<int> begun = 0;
    Parallel parallel({.n_jobs = 2, .batch_size = 1});
    auto results = unordered ? parallel.generator_unordered(blocking_tasks(living, begun, 50))
                             : parallel.generator(blocking_tasks(living, begun, 50));
    wait_until(begun, 2);
    std::thread([end = std::move(results)] {}).join();
    CHECK(begun == 2);
    CHECK(living.none());
    CHECK(parallel.map([](int i) { return i; }, std::views::iota(0, 3)) == std::vector{0, 1, 2});
  }
}

TEST_CASE("A generator can be read in another thread than it was made in") {
  Living living;
  auto results = Parallel({.n_jobs = 2}).generator(living.lazy_tasks(100));
  long sum = 0;
  std::thread([&sum, own = std::move(results)]() mutable {
    for (auto&& result : own) sum += result.value();
  }).join();
  CHECK(sum == 100 * 101 / 2);
  CHECK(living.none());
}

TEST_CASE("Assigning to a generator ends the call that it had") {
  const SinkGuard quiet([](const LogRecord&) {});
  Living living;
  std::atomic<int> begun = 0;
  auto results =
      Parallel({.n_jobs = 2, .batch_size = 1}).generator(blocking_tasks(living, begun, 20));
  wait_until(begun, 2);
  auto more = Parallel({.n_jobs = 1}).generator(blocking_tasks(living, begun, 0));
  results = std::move(more);
  CHECK(begun == 2);
  CHECK(living.none());
  CHECK(results.begin() == results.end());
}

TEST_CASE("A generator in the middle of a batch can be left and assigned to") {
  const SinkGuard quiet([](const LogRecord&) {});
  Living living;
  Parallel parallel({.n_jobs = 2, .batch_size = 10});
  auto results = parallel.generator(living.lazy_tasks(100));
  auto position = results.begin();
  for (int i = 0; i < 14; ++i) ++position;
  CHECK((*position).value() == 15);
  results = Parallel({.n_jobs = 3}).generator(living.lazy_tasks(5));
  CHECK((*results.begin()).value() == 1);
  CHECK(parallel.map([](int i) { return i; }, std::views::iota(0, 2)) == std::vector{0, 1});
}

TEST_CASE("A call that fails has destroyed everything before it throws") {
  for (const int n_jobs : {1, 2, 4}) {
    Living living;
    const auto make = [&](int i) {
      return delayed([&](const Tracked& argument) {
        if (argument.value() == 20) throw TaskError(20);
        return Tracked(living.results, 0);
      })(Tracked(living.arguments, i));
    };
    const auto tasks = std::views::iota(0, 500) | std::views::transform(make);
    Parallel parallel({.n_jobs = n_jobs});
    try {
      parallel(tasks);
      FAIL("no error");
    } catch (const TaskError&) {
      CHECK(living.none());
    }
    auto results = parallel.generator(tasks);
    CHECK_THROWS_AS(
        [&] {
          for (auto&& result : results) static_cast<void>(result);
        }(),
        TaskError);
    CHECK(results.begin() == results.end());
    CHECK(living.arguments == 0);
  }
}

TEST_CASE("What a generator's tasks throw when it is destroyed is logged") {
  std::string text;
  const SinkGuard sink([&](const LogRecord& record) {
    if (record.level == LogLevel::error) text += record.text;
  });
  std::atomic<int> begun = 0;
  {
    const auto make = [&](int i) {
      return delayed([&](const std::stop_token& stop, int) {
        count(begun);
        wait_for_stop(stop);
        throw TaskError(7);
      })(i);
    };
    auto results = Parallel({.n_jobs = 2}).generator(stream_of(make, 1));
    wait_until(begun, 1);
  }
  CHECK(text.find("task 7") != std::string::npos);
}

TEST_CASE("A log sink may call Parallel") {
  std::vector<int> numbers;
  const SinkGuard sink([&](const LogRecord&) {
    if (numbers.empty())
      numbers = Parallel({.n_jobs = 2}).map([](int i) { return i; }, std::views::iota(0, 3));
  });
  Parallel({.n_jobs = 2, .verbose = 11}).map([](int i) { return i; }, std::views::iota(0, 10));
  CHECK(numbers == std::vector{0, 1, 2});
}

}  // namespace joblib::test
