#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/backends.hpp"
#include "parallel/behaviour/forms.hpp"
#include "parallel/behaviour/shared.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::test::BackendCase;
using joblib::test::backends;
using joblib::test::error_code;
using joblib::test::FailAt;
using joblib::test::Form;
using joblib::test::forms;
using joblib::test::FormTask;
using joblib::test::fresh_shared;
using joblib::test::identity;
using joblib::test::Quiet;
using joblib::test::Shared;
using joblib::test::shared;
using joblib::test::stream_of;
using joblib::test::TaskError;
using joblib::test::throwing_forms;
using joblib::test::wait_for_stop;

namespace {

enum class Place { begin, dereference, increment };

// Numbers; reading the one at `fails_at` throws at `place`.
class FailingRange {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(const FailingRange& range) : range_(&range) {}
    int operator*() const {
      range_->visit(Place::dereference, number_);
      return number_;
    }
    Iterator& operator++() {
      range_->visit(Place::increment, ++number_);
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return number_ == 20; }

   private:
    const FailingRange* range_;
    int number_ = 0;
  };

  FailingRange(Place place, int fails_at) : place_(place), fails_at_(fails_at) {}
  Iterator begin() const {
    visit(Place::begin, 0);
    return Iterator(*this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  void visit(Place place, int number) const {
    if (place == place_ && number == fails_at_) throw TaskError(100 + number);
  }
  Place place_;
  int fails_at_;
};

auto tasks_of(const FailingRange& range) {
  return range | std::views::transform([](int i) { return delayed(identity)(i); });
}

auto numbers(std::optional<int> size = {}) {
  return stream_of([](int i) { return delayed(identity)(i); }, size);
}

template <class Action>
int number_of_error(Action action) {
  try {
    action();
  } catch (const TaskError& error) {
    return error.task;
  }
  return -1;
}

}  // namespace

TEST_CASE("The error of a task reaches the caller with its type in every form") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const Form form = GENERATE(from_range(throwing_forms()));
  const int failing = GENERATE(0, 3);
  CAPTURE(backend.name, form.name, failing);
  fresh_shared().chosen = failing;
  const auto run = [&](const FormTask& task) { return form.run(backend.with(), task); };
  CHECK(number_of_error([&] {
          run([](const std::stop_token&, int i) { return FailAt{shared().chosen}(i); });
        }) == failing);
  const FormTask out_of_range = [](const std::stop_token&, int i) {
    return i == shared().chosen ? throw std::out_of_range("long enough to be allocated") : i;
  };
  CHECK_THROWS_AS(run(out_of_range), std::out_of_range);
  const FormTask number = [](const std::stop_token&, int i) {
    return i == shared().chosen ? throw 42 : i;
  };
  CHECK_THROWS_AS(run(number), int);
  const FormTask pointer = [](const std::stop_token&, int i) {
    return i == shared().chosen ? throw std::make_shared<int>(1) : i;
  };
  CHECK_THROWS_AS(run(pointer), std::shared_ptr<int>);
}

TEST_CASE("The first error is the one that is thrown") {
  const BackendCase backend =
      GENERATE(from_range(backends({.at_once = 2, .at_once_unread = 2, .ends_tasks = true})));
  const Form form = GENERATE(from_range(throwing_forms()));
  CAPTURE(backend.name, form.name);
  // The others fail because the first one did.
  const auto task = [](const std::stop_token& stop, int i) -> int {
    if (i != 1) wait_for_stop(stop);
    throw TaskError(i);
  };
  CHECK(number_of_error([&] { form.run(backend.with({.batch_size = 1}), task); }) == 1);
}

TEST_CASE("After an error nothing is started any more and what runs is waited for") {
  const BackendCase backend = GENERATE(from_range(backends({.ends_tasks = true})));
  const std::string pre_dispatch = GENERATE("2*n_jobs", "all");
  CAPTURE(backend.name, pre_dispatch);
  // All workers are held until the error has been noticed.
  const auto task = [](const std::stop_token& stop, int i) {
    ++shared().begun;
    if (i > 0) wait_for_stop(stop);
    ++shared().ended;
    if (i == 0) throw TaskError(i);
    return i;
  };
  const auto tasks = [&] { return stream_of([&](int i) { return delayed(task)(i); }, 1000); };
  Parallel parallel(backend.with({.pre_dispatch = pre_dispatch, .batch_size = 1}));
  const auto check_after = [&](auto call) {
    const Shared& seen = fresh_shared();
    CHECK(number_of_error(call) == 0);
    const int begun = seen.begun;
    CHECK(begun <= backend.n_jobs);
    CHECK(seen.ended == (backend.shares_memory ? begun : 1));  // killed elsewhere
    if (backend.is_sequential()) CHECK(begun == 1);
    CHECK(parallel.map(identity, std::vector{5}) == std::vector{5});
    CHECK(seen.begun == begun);
  };
  check_after([&] { parallel(tasks()); });
  check_after([&] {
    for ([[maybe_unused]] const int value : parallel.generator(tasks())) {
    }
  });
}

TEST_CASE("A failed call leaves nothing behind in its instance") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with({.batch_size = 1}));
  for (int round = 0; round < 10; ++round) {
    CHECK_THROWS_AS(parallel.map(FailAt{1}, std::views::iota(0, 10)), TaskError);
    CHECK(parallel.map(identity, std::vector{0, 1, 2}) == std::vector{0, 1, 2});
  }
}

TEST_CASE("The other tasks of a batch that failed are dropped") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const auto task = [](int i) {
    ++shared().begun;
    if (i == 2) throw TaskError(i);
  };
  const Shared& seen = fresh_shared();
  Parallel parallel(backend.with({.pre_dispatch = "1", .batch_size = 5}));
  CHECK_THROWS_AS(parallel.map(task, std::views::iota(0, 100)), TaskError);
  CHECK(seen.begun == 3);
}

TEST_CASE("An error of the range reaches the caller wherever it is thrown") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const auto [place, fails_at] = GENERATE(table<Place, int>({{Place::begin, 0},
                                                             {Place::dereference, 0},
                                                             {Place::dereference, 11},
                                                             {Place::increment, 1},
                                                             {Place::increment, 19}}));
  const int batch_size = GENERATE(1, 4);
  CAPTURE(backend.name, place, fails_at, batch_size);
  const FailingRange range(place, fails_at);
  const int expected = 100 + fails_at;
  Parallel parallel(backend.with({.batch_size = batch_size}));
  CHECK(number_of_error([&] { parallel(tasks_of(range)); }) == expected);
  CHECK(number_of_error([&] { parallel.map([](int) {}, range); }) == expected);
  CHECK(number_of_error([&] { parallel.outcomes(tasks_of(range)); }) == expected);
  std::vector<int> values;
  CHECK(number_of_error([&] {
          for (const int value : parallel.generator(tasks_of(range))) values.push_back(value);
        }) == expected);
  CHECK(static_cast<int>(values.size()) <= fails_at);
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == static_cast<int>(i));
  CHECK(number_of_error([&] {
          for ([[maybe_unused]] const int v : parallel.generator_unordered(tasks_of(range))) {
          }
        }) == expected);
  CHECK(parallel.map(identity, std::vector{5}) == std::vector{5});
}

TEST_CASE("An error of on_progress ends the call") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const Form form = GENERATE(from_range(forms()));
  const bool last = GENERATE(false, true);
  CAPTURE(backend.name, form.name, last);
  const Quiet quiet;
  const auto options = backend.with({.on_progress = [&](const joblib::Progress& progress) {
    if (progress.completed == (last ? 4 : 2) && !(form.name == "stream" && progress.finished))
      throw TaskError(7);
  }});
  CHECK(number_of_error(
            [&] { form.run(options, [](const std::stop_token&, int i) { return i; }); }) == 7);
}

TEST_CASE("Outcomes hold a value or the error of each task") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const int batch_size = GENERATE(1, 3);
  CAPTURE(backend.name, batch_size);
  Parallel parallel(backend.with({.batch_size = batch_size}));
  const auto task = [](int i) {
    if (i % 3 == 1) throw TaskError(i);
    return std::make_unique<int>(i);
  };
  const auto outcomes = parallel.outcomes(stream_of([&](int i) { return delayed(task)(i); }, 50));
  REQUIRE(outcomes.size() == 50);
  for (int i = 0; i < 50; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    REQUIRE(outcome.has_value() == (i % 3 != 1));
    if (outcome) {
      REQUIRE(**outcome == i);
      REQUIRE(outcome.error() == nullptr);
      REQUIRE(*outcome.value() == i);
    } else {
      REQUIRE(number_of_error([&] { std::rethrow_exception(outcome.error()); }) == i);
      REQUIRE(number_of_error([&] { (void)outcome.value(); }) == i);
    }
  }
}

TEST_CASE("Outcomes of void tasks hold monostate and other errors than exceptions") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const auto task = [](int i) {
    if (i == 1) throw 5;
  };
  const std::vector<joblib::Outcome<std::monostate>> outcomes =
      parallel.outcomes(stream_of([&](int i) { return delayed(task)(i); }, 2));
  CHECK(outcomes.at(0).has_value());
  CHECK_THROWS_AS(outcomes.at(1).value(), int);
  CHECK(parallel.outcomes(stream_of([&](int i) { return delayed(task)(i); }, 0)).empty());
}

TEST_CASE("An instance that is running can't be called") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const Quiet quiet;
  Parallel parallel(backend.with());
  const auto call = [&] { return parallel.map(identity, std::vector{1}); };
  const auto running = joblib::errc::already_running;
  {
    auto results = parallel.generator(numbers());
    CHECK(error_code(call) == running);
    CHECK(error_code([&] { parallel.generator(numbers()); }) == running);
    CHECK(*results.begin() == 0);
    CHECK(error_code(call) == running);
  }
  CHECK(call() == std::vector{1});
  auto results = parallel.generator(numbers(3));
  CHECK(std::ranges::distance(results) == 3);
  CHECK(call() == std::vector{1});
}

TEST_CASE("A task that calls the instance which runs it fails") {
  const BackendCase backend = GENERATE(from_range(backends({.captures = true})));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const auto call = [&] { return parallel.map(identity, std::vector{1}); };
  CHECK(error_code([&] { parallel(delayed([&] { call(); })()); }) == joblib::errc::already_running);
  CHECK(call() == std::vector{1});
}

TEST_CASE("A call that can't begin does not leave its instance running") {
  Parallel zero({.n_jobs = 0});
  Parallel bad({.n_jobs = 2, .pre_dispatch = "foo"});
  for (int i = 0; i < 2; ++i) {
    CHECK(error_code([&] { zero.map([](int) {}, std::vector{1}); }) ==
          joblib::errc::invalid_argument);
    CHECK(error_code([&] { bad.map([](int) {}, std::vector{1}); }) ==
          joblib::errc::invalid_argument);
  }
}
