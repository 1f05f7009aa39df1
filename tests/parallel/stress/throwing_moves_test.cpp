#include <algorithm>
#include <atomic>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/parallel.hpp"

namespace joblib::test {
namespace {

struct MoveError : std::runtime_error {
  MoveError() : std::runtime_error("no more moves") {}
};

// A number whose moves and copies throw when `budget` of them have been made.
class Fragile {
 public:
  static inline std::atomic<long> living = 0;
  static inline std::atomic<int> budget = 0;

  explicit Fragile(int value) : value_(value) { ++living; }
  Fragile(const Fragile& other) : value_(other.value_) { begin_life(); }
  Fragile(Fragile&& other) : value_(other.value_) { begin_life(); }
  Fragile& operator=(const Fragile&) = delete;
  ~Fragile() { --living; }

  int value() const { return value_; }

 private:
  static void begin_life() {
    if (budget.fetch_sub(1) == 0) throw MoveError();
    ++living;
  }

  int value_;
};

constexpr int n_values = 6;

// Makes the call with every budget from 0 on until it succeeds.
template <class Call>
void exhaust(Call call) {
  const SinkGuard quiet([](const LogRecord&) {});
  constexpr int most = 5000;
  for (int budget = 0; budget < most; ++budget) {
    Fragile::budget = budget;
    bool done = false;
    try {
      call();
      done = true;
    } catch (const MoveError&) {
      CHECK(Fragile::budget < 0);
    }
    REQUIRE(Fragile::living == 0);
    if (done && Fragile::budget >= 0) return;
  }
  FAIL("never succeeded");
}

template <class Values>
void check_values(const Values& values) {
  int sum = 0;
  for (const auto& value : values) sum += value.value();
  REQUIRE(sum == n_values * (n_values - 1) / 2);
}

auto tasks_with_fragile_arguments() {
  return std::views::iota(0, n_values) | std::views::transform([](int i) {
           return delayed([](const Fragile& argument) { return argument.value(); })(Fragile(i));
         });
}

auto tasks_with_fragile_results() {
  return std::views::iota(0, n_values) |
         std::views::transform([](int i) { return delayed([](int j) { return Fragile(j); })(i); });
}

}  // namespace

TEST_CASE("Arguments that throw when they are moved fail the call and nothing else") {
  for (const int n_jobs : {1, 3}) {
    for (const int batch_size : {1, 4}) {
      Parallel parallel({.n_jobs = n_jobs, .batch_size = batch_size});
      exhaust([&] {
        const std::vector<int> values = parallel(tasks_with_fragile_arguments());
        CHECK(values.size() == n_values);
      });
      exhaust([&] {
        int sum = 0;
        for (const int value : parallel.generator(tasks_with_fragile_arguments())) sum += value;
        CHECK(sum == n_values * (n_values - 1) / 2);
      });
      exhaust([&] {
        std::vector<Fragile> values;
        values.reserve(n_values);
        for (int i = 0; i < n_values; ++i) values.emplace_back(i);
        const auto value_of = [](const Fragile& value) { return value.value(); };
        const std::vector<int> results = parallel.map(value_of, std::move(values));
        CHECK(results.size() == n_values);
      });
    }
  }
}

TEST_CASE("Results that throw when they are moved fail the call and nothing else") {
  for (const int n_jobs : {1, 3}) {
    for (const int batch_size : {1, 4}) {
      Parallel parallel({.n_jobs = n_jobs, .batch_size = batch_size});
      exhaust([&] { check_values(parallel(tasks_with_fragile_results())); });
      exhaust([&] {
        const auto make = [](int i) { return Fragile(i); };
        check_values(parallel.map(make, std::views::iota(0, n_values)));
      });
      exhaust([&] {
        const auto make = [](int i) { return Fragile(i); };
        const auto [a, b] = parallel(delayed(make)(0), delayed(make)(15));
        CHECK(a.value() + b.value() == 15);
      });
      exhaust([&] {
        int sum = 0;
        for (auto&& value : parallel.generator_unordered(tasks_with_fragile_results())) {
          const Fragile taken = std::forward<decltype(value)>(value);
          sum += taken.value();
        }
        CHECK(sum == n_values * (n_values - 1) / 2);
      });
      exhaust([&] {
        const auto outcomes = parallel.outcomes(tasks_with_fragile_results());
        REQUIRE(outcomes.size() == n_values);
        const bool all = std::ranges::all_of(outcomes, [](const auto& o) { return o.has_value(); });
        if (!all) throw MoveError();
      });
    }
  }
}

}  // namespace joblib::test
