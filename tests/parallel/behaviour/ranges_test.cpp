#include <algorithm>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/backends.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::test::BackendCase;
using joblib::test::backends;
using joblib::test::stream_of;

namespace {

// Tells whether the task received it moved.
struct Counted {
  int value = 0;
  bool moved_from = false;
  Counted() = default;
  explicit Counted(int number) : value(number) {}
  Counted(const Counted&) = default;
  Counted& operator=(const Counted&) = default;
  Counted(Counted&& other) noexcept : value(other.value) { other.moved_from = true; }
  Counted& operator=(Counted&& other) noexcept {
    value = other.value;
    other.moved_from = true;
    return *this;
  }
};

int take(Counted counted) { return counted.value; }

const auto add_one = [](int x) { return x + 1; };

template <class Container>
void check_container(Parallel& parallel) {
  Container values{1, 2, 3, 4, 5};
  const Container& constant = values;
  const std::vector<int> expected{2, 3, 4, 5, 6};
  CHECK(parallel.map(add_one, values) == expected);
  CHECK(parallel.map(add_one, values) == expected);
  CHECK(parallel.map(add_one, constant) == expected);
  CHECK(parallel.map(add_one, Container(values)) == expected);
  CHECK(parallel.map(add_one, Container{}).empty());
}

}  // namespace

template <>
struct joblib::pickler<Counted> {
  static int to_state(const Counted& counted) { return counted.value; }
  static Counted from_state(int value) { return Counted(value); }
};

TEST_CASE("Containers of every kind are ranges of elements") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  check_container<std::vector<int>>(parallel);
  check_container<std::deque<int>>(parallel);
  check_container<std::list<int>>(parallel);
  check_container<std::forward_list<int>>(parallel);
  const std::map<std::string, int> ages{{"a", 1}, {"b", 2}};
  CHECK(parallel.map([](const auto& entry) { return entry.first + std::to_string(entry.second); },
                     ages) == std::vector<std::string>{"a1", "b2"});
  int array[] = {1, 2, 3};
  CHECK(parallel.map(add_one, array) == std::vector{2, 3, 4});
}

TEST_CASE("A single-pass range that can only be moved is read to its end") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  auto numbers = stream_of([](int i) { return i; }, 5);
  CHECK(parallel.map(add_one, numbers) == std::vector{1, 2, 3, 4, 5});
  CHECK(parallel.map(add_one, stream_of([](int i) { return i; }, 5)) == std::vector{1, 2, 3, 4, 5});
  auto owners = stream_of([](int i) { return std::make_unique<int>(i); }, 3);
  CHECK(parallel.map([](std::unique_ptr<int> p) { return *p; }, std::move(owners)) ==
        std::vector{0, 1, 2});
  const auto value = [](std::unique_ptr<int> p) { return *p; };
  CHECK(parallel(stream_of([&](int i) { return delayed(value)(std::make_unique<int>(i)); }, 3)) ==
        std::vector{0, 1, 2});
  CHECK(parallel.map(add_one, stream_of([](int i) { return i; }, 0)).empty());
}

TEST_CASE("Views are read where they are") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const std::vector<int> values{1, 2, 3, 4, 5, 6};
  const auto is_even = [](int x) { return x % 2 == 0; };
  CHECK(parallel.map(add_one, values | std::views::filter(is_even)) == std::vector{3, 5, 7});
  CHECK(parallel.map(add_one, values | std::views::drop(2) | std::views::reverse) ==
        std::vector{7, 6, 5, 4});
  CHECK(parallel.map(add_one, std::views::iota(0) | std::views::take(3)) == std::vector{1, 2, 3});
  CHECK(parallel.map(add_one, std::views::iota(-2L, 2L) | std::views::transform([](long x) {
                                return static_cast<int>(x);
                              })) == std::vector{-1, 0, 1, 2});
  CHECK(parallel.map([](auto x) { return x; }, std::views::iota(7U, 9U)) == std::vector{7U, 8U});
  CHECK(parallel.map([](short x) { return static_cast<short>(x + 1); },
                     std::views::iota(short{-3}, short{-1})) == std::vector<short>{-2, -1});
  CHECK(parallel.map(add_one, std::span(values).first(2)) == std::vector{2, 3});
  CHECK(parallel.map(add_one, std::views::single(1)) == std::vector{2});
  CHECK(parallel.map(add_one, std::views::empty<int>).empty());
}

TEST_CASE("Elements of an lvalue range are used in place and left as they are") {
  const BackendCase backend = GENERATE(from_range(backends({.shares_memory = true})));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  std::vector<Counted> vector{Counted(1), Counted(2)};
  std::list<Counted> list{Counted(3), Counted(4)};
  const auto address = [](Counted& counted) { return &counted; };
  CHECK(parallel.map(address, vector) == std::vector{&vector[0], &vector[1]});
  CHECK(parallel.map(address, list) == std::vector{&list.front(), &list.back()});
  const auto increment = [](Counted& counted) { ++counted.value; };
  parallel.map(increment, vector);
  parallel.map(increment, list);
  CHECK(vector[1].value == 3);
  CHECK(list.back().value == 5);
  for (int run = 0; run < 2; ++run) {
    CHECK(parallel.map(take, vector) == std::vector{2, 3});
    CHECK(parallel.map(take, list) == std::vector{4, 5});
  }
  for (const Counted& counted : vector) CHECK_FALSE(counted.moved_from);
  for (const Counted& counted : list) CHECK_FALSE(counted.moved_from);
}

TEST_CASE("Elements of an rvalue container are moved to the tasks") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const auto value = [](std::unique_ptr<int> p) { return *p; };
  std::vector<std::unique_ptr<int>> vector;
  std::list<std::unique_ptr<int>> list;
  for (int i = 0; i < 3; ++i) {
    vector.push_back(std::make_unique<int>(i));
    list.push_back(std::make_unique<int>(i));
  }
  CHECK(parallel.map(value, std::move(vector)) == std::vector{0, 1, 2});
  CHECK(parallel.map(value, std::move(list)) == std::vector{0, 1, 2});
  std::vector<decltype(delayed(value)(std::make_unique<int>(0)))> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(delayed(value)(std::make_unique<int>(i)));
  CHECK(parallel(std::move(tasks)) == std::vector{0, 1, 2});
}

TEST_CASE("Elements seen through a view are never moved from") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  std::vector<Counted> vector{Counted(1), Counted(2), Counted(3)};
  std::list<Counted> list{Counted(4), Counted(5)};
  CHECK(parallel.map(take, std::span(vector)) == std::vector{1, 2, 3});
  CHECK(parallel.map(take, vector | std::views::drop(1)) == std::vector{2, 3});
  CHECK(parallel.map(take, std::views::all(list)) == std::vector{4, 5});
  CHECK(parallel.map(take, list | std::views::reverse) == std::vector{5, 4});
  CHECK(parallel.map(take, vector | std::views::filter([](const Counted& c) {
                             return c.value != 2;
                           })) == std::vector{1, 3});
  CHECK(parallel.map(take, std::ranges::subrange(list)) == std::vector{4, 5});
  for (const Counted& counted : vector) CHECK_FALSE(counted.moved_from);
  for (const Counted& counted : list) CHECK_FALSE(counted.moved_from);
}

TEST_CASE("An lvalue vector of tasks can be run twice") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const auto shout = [](std::string text) { return std::move(text) + "!"; };
  std::vector<decltype(delayed(shout)(std::string()))> tasks;
  for (const char* word : {"a fairly long first word", "b", "c"})
    tasks.push_back(delayed(shout)(std::string(word)));
  const std::vector<std::string> expected{"a fairly long first word!", "b!", "c!"};
  CHECK(parallel(tasks) == expected);
  CHECK(parallel(std::as_const(tasks)) == expected);
  CHECK(parallel(std::move(tasks)) == expected);
}

TEST_CASE("All workers share one function of a map") {
  const BackendCase backend = GENERATE(from_range(backends({.shares_memory = true})));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  struct Function {
    std::unique_ptr<int> owned;
    const int* operator()(int) const { return owned.get(); }
  };
  const auto seen = parallel.map(Function{std::make_unique<int>(1)}, std::views::iota(0, 100));
  CHECK(std::ranges::count(seen, seen.front()) == 100);
}
