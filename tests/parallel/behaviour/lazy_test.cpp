#include <atomic>
#include <optional>
#include <ranges>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/backends.hpp"
#include "parallel/behaviour/shared.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::test::BackendCase;
using joblib::test::backends;
using joblib::test::fresh_shared;
using joblib::test::identity;
using joblib::test::shared;
using joblib::test::SharedCounter;
using joblib::test::stream_of;

namespace {

// How far a range of tasks is ahead of its tasks. One at a time.
class Ahead {
 public:
  auto tasks(std::optional<int> size = {}) {
    return stream_of(
        [this](int i) {
          const int now = ++produced_ - consumed_;
          int most = most_;
          while (most < now && !most_.compare_exchange_weak(most, now)) {
          }
          return delayed(consume)(i);
        },
        size);
  }
  int produced() const { return produced_; }
  int consumed() const { return consumed_; }
  int most() const { return most_; }  // produced and not consumed

 private:
  static int consume(int i) {
    ++shared().ended;
    return i;
  }

  const SharedCounter& consumed_ = fresh_shared().ended;
  std::atomic<int> produced_ = 0;
  std::atomic<int> most_ = 0;
};

}  // namespace

TEST_CASE("One job takes the tasks of one batch from the range and runs them") {
  const auto [batch_size, expected] = GENERATE(
      table<joblib::BatchSize, std::string>({{"auto", "P0 C0 P1 C1 P2 C2 P3 C3 P4 C4 P5 C5 "},
                                             {1, "P0 C0 P1 C1 P2 C2 P3 C3 P4 C4 P5 C5 "},
                                             {4, "P0 P1 P2 P3 C0 C1 C2 C3 P4 P5 C4 C5 "}}));
  std::string events;
  const auto consume = [&](int i) { events += "C" + std::to_string(i) + " "; };
  const auto produce = [&](int i) {
    events += "P" + std::to_string(i) + " ";
    return delayed(consume)(i);
  };
  Parallel parallel({.n_jobs = 1, .batch_size = batch_size});
  parallel(stream_of(produce, 6));
  CHECK(events == expected);
  events.clear();
  parallel(std::views::iota(0, 6) | std::views::transform(produce));
  CHECK(events == expected);
}

TEST_CASE("At most pre_dispatch batches are taken before earlier ones have finished") {
  const BackendCase backend = GENERATE(from_range(backends({.several_jobs = true})));
  const int batch_size = GENERATE(1, 4);
  const auto [pre_dispatch, limit] =
      GENERATE_COPY(table<std::string, int>({{"1", 1}, {"3", 3}, {"2*n_jobs", 0}, {"7", 7}}));
  CAPTURE(backend.name, batch_size, pre_dispatch);
  const int batches = limit == 0 ? 2 * backend.n_jobs : limit;
  Ahead ahead;
  Parallel parallel(backend.with({.pre_dispatch = pre_dispatch, .batch_size = batch_size}));
  CHECK(parallel(ahead.tasks(100)).size() == 100);
  CHECK(ahead.most() <= batches * batch_size);
  CHECK(ahead.produced() == 100);
  CHECK(ahead.consumed() == 100);
}

TEST_CASE("pre_dispatch = all takes the whole range before the call goes on") {
  const BackendCase backend = GENERATE(from_range(backends({.several_jobs = true})));
  CAPTURE(backend.name);
  Ahead ahead;
  Parallel parallel(backend.with({.pre_dispatch = "all", .batch_size = 1}));
  auto results = parallel.generator(ahead.tasks(50));
  CHECK(ahead.produced() == 50);
  CHECK(std::ranges::distance(results) == 50);
}

TEST_CASE("A generator takes pre_dispatch batches at once and then as many as are read") {
  const BackendCase backend = GENERATE(from_range(backends({.several_jobs = true})));
  const int batch_size = GENERATE(1, 3);
  const bool ordered = GENERATE(true, false);
  CAPTURE(backend.name, batch_size, ordered);
  const joblib::test::Quiet quiet;
  Ahead ahead;  // endless
  Parallel parallel(backend.with({.pre_dispatch = "4", .batch_size = batch_size}));
  auto results =
      ordered ? parallel.generator(ahead.tasks()) : parallel.generator_unordered(ahead.tasks());
  CHECK(ahead.produced() == 4 * batch_size);
  int read = 0;
  for ([[maybe_unused]] const int result : results) {
    // A batch counts as read once its first result is.
    const int batches_read = read / batch_size + 1;
    REQUIRE(ahead.produced() <= (batches_read + 4) * batch_size);
    if (++read == 30) break;
  }
  CHECK(ahead.produced() <= 30 + 5 * batch_size);
}

TEST_CASE("Automatic batches of a generator grow only with what has been read") {
  const BackendCase backend = GENERATE(from_range(backends({.several_jobs = true})));
  CAPTURE(backend.name);
  const joblib::test::Quiet quiet;
  Ahead ahead;  // endless
  Parallel parallel(backend.with());
  int read = 0;
  for ([[maybe_unused]] const int result : parallel.generator(ahead.tasks())) {
    ++read;
    REQUIRE(ahead.produced() <= 3 * read + 2 * backend.n_jobs);
    if (read == 5000) break;
  }
}

TEST_CASE("A generator of one job takes a task when its result is read") {
  const bool ordered = GENERATE(true, false);
  const joblib::test::Quiet quiet;
  Ahead ahead;
  Parallel parallel({.n_jobs = 1});
  auto results =
      ordered ? parallel.generator(ahead.tasks()) : parallel.generator_unordered(ahead.tasks());
  CHECK(ahead.produced() == 0);
  int read = 0;
  for (const int result : results) {
    CHECK(result == read++);
    CHECK(ahead.produced() == read);
    CHECK(ahead.consumed() == read);
    if (read == 5) break;
  }
  CHECK(ahead.produced() == 5);
}

TEST_CASE("A range is never advanced further than to the element that is taken") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const joblib::test::Quiet quiet;
  // Computing the fourth element would be an error.
  const auto checked = [](int i) {
    if (i == 3) throw joblib::test::TaskError(i);
    return i;
  };
  Parallel parallel(backend.with({.pre_dispatch = "3", .batch_size = 1}));
  CHECK(parallel.map(identity, std::views::iota(0) | std::views::transform(checked) |
                                   std::views::take(3)) == std::vector{0, 1, 2});
  auto tasks = stream_of([&](int i) { return delayed(identity)(checked(i)); });
  std::vector<int> values;
  auto results = parallel.generator(tasks);
  // Reading the first result lets a fourth element be taken, so only the start is free of it.
  if (!backend.is_sequential()) return;
  for (const int value : results) {
    values.push_back(value);
    if (values.size() == 3) break;
  }
  CHECK(values == std::vector{0, 1, 2});
}

TEST_CASE("A lazy range is read by one thread at a time") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  std::atomic<bool> inside = false;
  std::atomic<int> overlaps = 0;
  const auto produce = [&](int i) {
    if (inside.exchange(true)) ++overlaps;
    std::this_thread::yield();
    inside = false;
    return delayed(identity)(i);
  };
  Parallel parallel(backend.with());
  CHECK(parallel(stream_of(produce, 2000)).size() == 2000);
  CHECK(parallel(std::views::iota(0, 2000) | std::views::transform(produce)).size() == 2000);
  CHECK(overlaps == 0);
}
