#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <ranges>
#include <stop_token>
#include <thread>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/backends.hpp"
#include "parallel/behaviour/forms.hpp"
#include "parallel/behaviour/shared.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::Cancelled;
using joblib::delayed;
using joblib::Parallel;
using joblib::TimeoutError;
using joblib::test::BackendCase;
using joblib::test::backends;
using joblib::test::Form;
using joblib::test::forms;
using joblib::test::FormTask;
using joblib::test::fresh_shared;
using joblib::test::identity;
using joblib::test::Shared;
using joblib::test::shared;
using joblib::test::stream_of;
using joblib::test::wait_for_stop;

namespace {

// Requests a stop as soon as a task has begun.
std::jthread canceller(std::stop_source& source) {
  return std::jthread([&source] {
    shared().begun.wait_for(1);
    source.request_stop();
  });
}

}  // namespace

TEST_CASE("A call whose stop was requested before runs nothing and throws") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const Form form = GENERATE(from_range(forms()));
  CAPTURE(backend.name, form.name);
  std::stop_source source;
  source.request_stop();
  const FormTask task = [](const std::stop_token&, int) { return ++shared().begun; };
  const Shared& seen = fresh_shared();
  CHECK_THROWS_AS(form.run(backend.with({.stop = source.get_token()}), task), Cancelled);
  CHECK(seen.begun == 0);
}

TEST_CASE("A call over nothing whose stop was requested is no success") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  std::stop_source source;
  source.request_stop();
  Parallel parallel(backend.with({.stop = source.get_token()}));
  const auto nothing = [] { return stream_of([](int i) { return delayed(identity)(i); }, 0); };
  CHECK_THROWS_AS(parallel(nothing()), Cancelled);
  CHECK_THROWS_AS(parallel.map([](int) {}, std::vector<int>{}), Cancelled);
  CHECK_THROWS_AS(parallel.outcomes(nothing()), Cancelled);
  auto results = parallel.generator(nothing());
  CHECK_THROWS_AS(results.begin(), Cancelled);
}

TEST_CASE("A stop requested by any task and be it the last makes the call throw") {
  const BackendCase backend = GENERATE(from_range(backends({.shares_memory = true})));
  const Form form = GENERATE(from_range(forms()));
  const int requesting = GENERATE(0, 1, 3);
  CAPTURE(backend.name, form.name, requesting);
  std::stop_source source;
  const auto task = [&](const std::stop_token&, int i) {
    if (i == requesting) source.request_stop();
    return i;
  };
  const auto options = backend.with({.stop = source.get_token()});
  CHECK_THROWS_AS(form.run_capturing(options, task), Cancelled);
}

TEST_CASE("A running task sees the stop that another thread requests") {
  const BackendCase backend = GENERATE(from_range(backends({.ends_tasks = true})));
  const Form form = GENERATE(from_range(forms()));
  CAPTURE(backend.name, form.name);
  const FormTask task = [](const std::stop_token& stop, int i) {
    ++shared().begun;
    wait_for_stop(stop);
    ++shared().ended;
    return i;
  };
  const Shared& seen = fresh_shared();
  std::stop_source source;
  const std::jthread thread = canceller(source);
  const auto options = backend.with({.batch_size = 1, .stop = source.get_token()});
  CHECK_THROWS_AS(form.run(options, task), Cancelled);
  CHECK(seen.ended == (backend.shares_memory ? int{seen.begun} : 0));  // killed elsewhere
  CHECK(seen.begun <= backend.n_jobs);
}

TEST_CASE("A cancelled instance stays cancelled and another one works") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  std::stop_source source;
  Parallel parallel(backend.with({.stop = source.get_token()}));
  CHECK(parallel.map(identity, std::vector{1, 2}) == std::vector{1, 2});
  source.request_stop();
  CHECK_THROWS_AS(parallel.map(identity, std::vector{1, 2}), Cancelled);
  CHECK_THROWS_AS(parallel.map(identity, std::vector{1, 2}), Cancelled);
  CHECK(Parallel(backend.with()).map(identity, std::vector{1, 2}) == std::vector{1, 2});
}

TEST_CASE("A stop requested between two reads ends a generator") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const bool ordered = GENERATE(true, false);
  CAPTURE(backend.name, ordered);
  std::stop_source source;
  Parallel parallel(backend.with({.stop = source.get_token()}));
  auto tasks = stream_of([](int i) { return delayed(identity)(i); });
  auto results = ordered ? parallel.generator(std::move(tasks))
                         : parallel.generator_unordered(std::move(tasks));
  auto position = results.begin();
  CHECK(*position >= 0);
  source.request_stop();
  CHECK_THROWS_AS(++position, Cancelled);
  CHECK(position == results.end());
}

TEST_CASE("A stop requested by on_progress makes the call throw") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const Form form = GENERATE(from_range(forms()));
  CAPTURE(backend.name, form.name);
  std::stop_source source;
  const auto options =
      backend.with({.stop = source.get_token(), .on_progress = [&](const joblib::Progress& p) {
                      if (p.completed == 2) source.request_stop();
                    }});
  CHECK_THROWS_AS(form.run(options, [](const std::stop_token&, int i) { return i; }), Cancelled);
}

TEST_CASE("The stop of an outer call reaches the calls inside its tasks") {
  const BackendCase backend = GENERATE(from_range(backends({.ends_tasks = true})));
  CAPTURE(backend.name);
  const auto outer = [](int) {
    const auto inner = [](const std::stop_token& stop, int) {
      ++shared().begun;
      wait_for_stop(stop);
    };
    Parallel({.n_jobs = 2}).map(inner, std::vector{1, 2});
  };
  fresh_shared();
  std::stop_source source;
  const std::jthread thread = canceller(source);
  Parallel parallel(backend.with({.stop = source.get_token()}));
  CHECK_THROWS_AS(parallel.map(outer, std::vector{1}), Cancelled);
}

TEST_CASE("A task that runs too long is a TimeoutError in every form") {
  const BackendCase backend = GENERATE(from_range(backends({.timeouts = true})));
  const Form form = GENERATE(from_range(forms()));
  CAPTURE(backend.name, form.name);
  const FormTask task = [](const std::stop_token& stop, int i) {
    if (i == 1) {
      wait_for_stop(stop);  // the time-out is what requests it
      ++shared().ended;
    }
    return i;
  };
  const Shared& seen = fresh_shared();
  const auto options = backend.with({.timeout = std::chrono::milliseconds(20)});
  if (form.name == "outcomes" && !backend.shares_memory) {
    CHECK(form.run(options, task) == std::vector{0, -1, 2, 3});
  } else {
    CHECK_THROWS_AS(form.run(options, task), TimeoutError);
  }
  CHECK(seen.ended == (backend.shares_memory ? 1 : 0));  // killed elsewhere
}

TEST_CASE("Tasks within their time-out give their results in every form") {
  const BackendCase backend = GENERATE(from_range(backends({.timeouts = true})));
  const Form form = GENERATE(from_range(forms()));
  CAPTURE(backend.name, form.name);
  const FormTask task = [](const std::stop_token&, int i) { return i; };
  auto results = form.run(backend.with({.timeout = std::chrono::hours(1)}), task);
  if (form.name == "generator_unordered") std::ranges::sort(results);
  CHECK(results == std::vector{0, 1, 2, 3});
}

TEST_CASE("A task that ends too late by itself is a TimeoutError as well") {
  const BackendCase backend = GENERATE(from_range(backends({.timeouts = true})));
  const int batch_size = GENERATE(1, 2);
  CAPTURE(backend.name, batch_size);
  static constexpr std::chrono::milliseconds timeout(5);
  const auto late = [](int i) {
    const auto begin = std::chrono::steady_clock::now();
    while (i == 0 && std::chrono::steady_clock::now() <= begin + 2 * timeout) {
      std::this_thread::yield();
    }
    return i;
  };
  Parallel parallel(backend.with({.timeout = timeout, .batch_size = batch_size}));
  CHECK_THROWS_AS(parallel.map(late, std::vector{0}), TimeoutError);
  CHECK_THROWS_AS(parallel(delayed(late)(0), delayed(late)(1)), TimeoutError);
}

TEST_CASE("A time-out counts from the start of each task") {
  const BackendCase backend = GENERATE(from_range(backends({.timeouts = true})));
  CAPTURE(backend.name);
  // Queued and batched tasks wait longer than the time-out, none of them runs that long.
  static constexpr std::chrono::milliseconds timeout(1000);
  const auto task = [](int i) {
    std::this_thread::sleep_for(timeout / 8);
    return i;
  };
  Parallel parallel(backend.with({.timeout = timeout, .pre_dispatch = "all", .batch_size = 10}));
  const int size = 10 * backend.n_jobs;
  const std::vector<int> results = parallel.map(task, std::views::iota(0, size));
  CHECK(static_cast<int>(results.size()) == size);
}

TEST_CASE("Where time-outs can't be watched a warning says so") {
  std::vector<BackendCase> without = backends();
  std::erase_if(without, [](const BackendCase& backend) { return backend.watches_timeouts; });
  const BackendCase backend = GENERATE_COPY(from_range(without));
  CAPTURE(backend.name);
  std::vector<std::string> warnings;
  const joblib::test::SinkGuard guard([&](const joblib::LogRecord& record) {
    if (record.level == joblib::LogLevel::warning) warnings.emplace_back(record.text);
  });
  Parallel parallel(backend.with({.timeout = std::chrono::hours(1)}));
  CHECK(parallel.map(identity, std::vector{1, 2}) == std::vector{1, 2});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("The backend class '" + std::string(backend.backend->name()) +
                         "' does not support timeout. You have set ") == 0);
}

TEST_CASE("Time-outs of no time at all are errors") {
  using joblib::test::error_code;
  CHECK(error_code([] { Parallel({.timeout = std::chrono::seconds(0)}); }) ==
        joblib::errc::invalid_argument);
  CHECK(error_code([] { Parallel({.timeout = std::chrono::seconds(-1)}); }) ==
        joblib::errc::invalid_argument);
}
