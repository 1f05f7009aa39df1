#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/backends.hpp"
#include "parallel/behaviour/shared.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::delayed;
using joblib::Generator;
using joblib::Parallel;
using joblib::test::BackendCase;
using joblib::test::backends;
using joblib::test::error_code;
using joblib::test::FailAt;
using joblib::test::fresh_shared;
using joblib::test::identity;
using joblib::test::Quiet;
using joblib::test::Shared;
using joblib::test::shared;
using joblib::test::stream_of;
using joblib::test::TaskError;
using joblib::test::wait_for_stop;

static_assert(std::ranges::input_range<Generator<int>>);
static_assert(std::ranges::input_range<Generator<std::unique_ptr<int>>>);
static_assert(std::ranges::input_range<Generator<bool>>);
static_assert(!std::ranges::forward_range<Generator<int>>);
static_assert(std::movable<Generator<int>>);
static_assert(!std::is_copy_constructible_v<Generator<int>>);
static_assert(!std::is_copy_assignable_v<Generator<int>>);
static_assert(std::is_same_v<std::ranges::range_value_t<Generator<std::unique_ptr<int>>>,
                             std::unique_ptr<int>>);

namespace {

auto tasks_of_numbers(int size) {
  return std::views::iota(0, size) |
         std::views::transform([](int i) { return delayed(identity)(i); });
}

std::vector<int> iota_vector(int size) {
  std::vector<int> values;
  for (int i = 0; i < size; ++i) values.push_back(i);
  return values;
}

}  // namespace

TEST_CASE("A generator gives the results in order and an unordered one all of them") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const int size = GENERATE(0, 1, 5, 300);
  CAPTURE(backend.name, size);
  Parallel parallel(backend.with());
  std::vector<int> values;
  for (auto&& value : parallel.generator(tasks_of_numbers(size))) values.push_back(value);
  CHECK(values == iota_vector(size));
  values.clear();
  for (auto&& value : parallel.generator_unordered(tasks_of_numbers(size))) values.push_back(value);
  std::ranges::sort(values);
  CHECK(values == iota_vector(size));
}

TEST_CASE("A generator gives a result while later tasks are still running") {
  const BackendCase backend = GENERATE(from_range(backends({.at_once_unread = 2})));
  const bool ordered = GENERATE(true, false);
  CAPTURE(backend.name, ordered);
  Shared& board = fresh_shared();
  const auto task = [](int i) {
    if (i == 1) shared().released.wait_for(1);
    return i;
  };
  Parallel parallel(backend.with({.batch_size = 1}));
  auto tasks = stream_of([&](int i) { return delayed(task)(i); }, 2);
  auto results = ordered ? parallel.generator(std::move(tasks))
                         : parallel.generator_unordered(std::move(tasks));
  auto position = results.begin();
  CHECK(*position == 0);
  ++board.released;
  ++position;
  CHECK(*position == 1);
  ++position;
  CHECK(position == results.end());
}

TEST_CASE("An ordered generator holds a result back and an unordered one gives it") {
  const BackendCase backend = GENERATE(from_range(backends({.at_once_unread = 2})));
  CAPTURE(backend.name);
  Shared& board = fresh_shared();
  Parallel parallel(backend.with({.batch_size = 1}));
  const auto second_ready_first = [](int i) {
    if (i == 0) shared().ended.wait_for(1);
    ++shared().ended;
    return i;
  };
  std::vector<int> values;
  for (const int value :
       parallel.generator(stream_of([&](int i) { return delayed(second_ready_first)(i); }, 2)))
    values.push_back(value);
  CHECK(values == std::vector{0, 1});
  const auto second_read_first = [](int i) {
    if (i == 0) shared().released.wait_for(1);
    return i;
  };
  values.clear();
  for (const int value : parallel.generator_unordered(
           stream_of([&](int i) { return delayed(second_read_first)(i); }, 2))) {
    values.push_back(value);
    if (value == 1) ++board.released;
  }
  CHECK(values == std::vector{1, 0});
}

TEST_CASE("A generator gives move-only and bool results and monostate for void") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  std::vector<std::unique_ptr<int>> owners;
  const auto make = [](int i) { return std::make_unique<int>(i); };
  for (auto&& owner : parallel.generator(stream_of([&](int i) { return delayed(make)(i); }, 3)))
    owners.push_back(std::move(owner));
  REQUIRE(owners.size() == 3);
  CHECK(*owners[2] == 2);
  std::vector<bool> flags;
  const auto is_odd = [](int i) { return i % 2 == 1; };
  for (const bool flag :
       parallel.generator(stream_of([&](int i) { return delayed(is_odd)(i); }, 3)))
    flags.push_back(flag);
  CHECK(flags == std::vector{false, true, false});
  auto nothing = parallel.generator(stream_of([](int) { return delayed([] {})(); }, 3));
  static_assert(std::is_same_v<std::ranges::range_value_t<decltype(nothing)>, std::monostate>);
  CHECK(std::ranges::distance(nothing) == 3);
}

TEST_CASE("Views can be put on a generator") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const Quiet quiet;
  Parallel parallel(backend.with());
  std::vector<int> values;
  const auto doubled = std::views::transform([](int x) { return 2 * x; });
  for (const int value : parallel.generator(stream_of([](int i) { return delayed(identity)(i); })) |
                             std::views::take(3) | doubled)
    values.push_back(value);
  CHECK(values == std::vector{0, 2, 4});
  auto results = parallel.generator(tasks_of_numbers(5));
  CHECK(std::ranges::equal(results | std::views::drop(3), std::vector{3, 4}));
}

TEST_CASE("A generator owns its backend and options and rvalue range") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const auto tasks = [] {
    return stream_of(
        [](int i) { return delayed([](const std::string& s) { return s; })(std::to_string(i)); },
        40);
  };
  std::vector<std::string> values;
  for (auto&& value : Parallel(backend.with()).generator(tasks())) values.push_back(value);
  CHECK(values.size() == 40);
  std::optional<Parallel> parallel(backend.with());
  auto results = parallel->generator(tasks());
  parallel.reset();
  CHECK(std::ranges::distance(results) == 40);
}

TEST_CASE("A generator can be moved before it is read") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const Quiet quiet;
  auto first = parallel.generator(tasks_of_numbers(5));
  auto second = std::move(first);
  std::vector<int> values;
  for (const int value : second) values.push_back(value);
  CHECK(values == iota_vector(5));
  Parallel other(backend.with());
  auto replaced = parallel.generator(tasks_of_numbers(5));
  replaced = other.generator(tasks_of_numbers(3));  // cancels the call of the old one
  CHECK(error_code([&] { parallel.generator(tasks_of_numbers(1)); }) == std::nullopt);
  CHECK(std::ranges::distance(replaced) == 3);
}

TEST_CASE("Leaving a generator drops what has not begun and waits for what runs") {
  const BackendCase backend = GENERATE(from_range(backends({.ends_tasks = true})));
  const bool ordered = GENERATE(true, false);
  CAPTURE(backend.name, ordered);
  const Quiet quiet;
  const auto task = [](const std::stop_token& stop, int i, bool waits) {
    ++shared().begun;
    if (i > 0 && waits) wait_for_stop(stop);
    ++shared().ended;
    return i;
  };
  const bool waits = backend.at_once_unread > 1;
  const Shared& seen = fresh_shared();
  Parallel parallel(backend.with({.batch_size = 1}));
  const auto tasks = [&] { return stream_of([&](int i) { return delayed(task)(i, waits); }); };
  for (const int value :
       ordered ? parallel.generator(tasks()) : parallel.generator_unordered(tasks())) {
    CHECK(value == 0);
    break;
  }
  const int begun_at_end = seen.begun;
  CHECK(seen.ended == (backend.shares_memory ? begun_at_end : 1));  // killed elsewhere
  CHECK(begun_at_end <= 1 + 2 * backend.n_jobs);
  CHECK(parallel(delayed([] { return 3; })()) == std::tuple(3));
  CHECK(seen.begun == begun_at_end);
}

TEST_CASE("A generator that is destroyed unread cancels its call") {
  const BackendCase backend = GENERATE(from_range(backends({.ends_tasks = true})));
  CAPTURE(backend.name);
  const Quiet quiet;
  const auto task = [](const std::stop_token& stop, bool waits) {
    ++shared().begun;
    if (waits) wait_for_stop(stop);
    ++shared().ended;
  };
  const bool waits = backend.at_once_unread > 1;
  const Shared& seen = fresh_shared();
  Parallel parallel(backend.with({.batch_size = 1}));
  {
    const auto results = parallel.generator(stream_of([&](int) { return delayed(task)(waits); }));
    if (waits) seen.begun.wait_for(1);
  }
  CHECK(seen.ended == (backend.shares_memory ? int{seen.begun} : 0));  // killed elsewhere
  if (backend.is_sequential()) CHECK(seen.begun == 0);
}

TEST_CASE("Leaving a generator early is told as a warning") {
  const BackendCase backend =
      GENERATE(from_range(backends({.at_once_unread = 2, .ends_tasks = true})));
  CAPTURE(backend.name);
  std::vector<std::string> warnings;
  const joblib::test::SinkGuard guard([&](const joblib::LogRecord& record) {
    if (record.level == joblib::LogLevel::warning) warnings.emplace_back(record.text);
  });
  Parallel parallel(backend.with({.batch_size = 1}));
  const auto task = [](const std::stop_token& stop) {
    ++shared().begun;
    wait_for_stop(stop);
  };
  const Shared& seen = fresh_shared();
  {
    const auto results = parallel.generator(stream_of([&](int) { return delayed(task)(); }));
    seen.begun.wait_for(2);
  }
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("tasks which were still being processed by the workers have been "
                         "cancelled. You could benefit from adjusting the input task iterator") !=
        std::string::npos);
  warnings.clear();
  CHECK(std::ranges::distance(parallel.generator(tasks_of_numbers(5))) == 5);
  CHECK(warnings.empty());
}

TEST_CASE("An error reaches the reader of a generator and ends it") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const bool ordered = GENERATE(true, false);
  CAPTURE(backend.name, ordered);
  Parallel parallel(backend.with({.batch_size = 1}));
  const auto tasks = [] { return stream_of([](int i) { return delayed(FailAt{5})(i); }); };
  auto results = ordered ? parallel.generator(tasks()) : parallel.generator_unordered(tasks());
  std::vector<int> values;
  auto read_all = [&] {
    for (const int value : results) values.push_back(value);
  };
  CHECK_THROWS_AS(read_all(), TaskError);
  if (ordered) CHECK(values == iota_vector(static_cast<int>(values.size())));
  if (ordered) CHECK(values.size() <= 5);
  if (backend.is_sequential()) CHECK(values.size() == 5);
  CHECK(parallel(tasks_of_numbers(3)) == iota_vector(3));
}

TEST_CASE("After its error a generator has ended") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const int failing = GENERATE(0, 1);
  CAPTURE(backend.name, failing);
  Parallel parallel(backend.with({.pre_dispatch = "1", .batch_size = 1}));
  auto results =
      parallel.generator(stream_of([&](int i) { return delayed(FailAt{failing})(i); }, 9));
  if (failing == 0) {
    CHECK_THROWS_AS(results.begin(), TaskError);
    CHECK(results.begin() == results.end());
    return;
  }
  auto position = results.begin();
  CHECK(*position == 0);
  CHECK_THROWS_AS(++position, TaskError);
  CHECK(position == results.end());
}

TEST_CASE("Two generators of different instances can be read in turn") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel first(backend.with());
  Parallel second(backend.with());
  auto a = first.generator(tasks_of_numbers(50));
  auto b = second.generator(tasks_of_numbers(50));
  auto in_b = b.begin();
  int read = 0;
  for (const int value : a) {
    CHECK(value == *in_b);
    ++in_b;
    ++read;
  }
  CHECK(read == 50);
  CHECK(in_b == b.end());
}
