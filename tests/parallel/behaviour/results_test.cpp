#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <numeric>
#include <random>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
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
using joblib::test::Shared;
using joblib::test::shared;
using joblib::test::stream_of;

namespace {

int square(int x) { return x * x; }

const std::vector<std::string> words{"one", "two", "three"};

// Can't be made without a value.
struct Label {
  explicit Label(int number) : text(std::to_string(number)) {}
  std::string text;
};

struct Account {
  int balance = 0;
  int deposit(int amount) { return balance += amount; }
  int doubled() const { return 2 * balance; }
};

std::vector<int> numbers(int size) {
  std::vector<int> values(static_cast<std::size_t>(size));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

std::vector<int> squares(int size) {
  std::vector<int> values = numbers(size);
  for (int& value : values) value = square(value);
  return values;
}

auto square_tasks(int size) {
  return std::views::iota(0, size) |
         std::views::transform([](int i) { return delayed(square)(i); });
}

}  // namespace

template <>
struct joblib::pickler<Label> {
  static std::string to_state(const Label& label) { return label.text; }
  static Label from_state(const std::string& text) { return Label(std::stoi(text)); }
};

template <>
struct joblib::pickler<Account> {
  static int to_state(const Account& account) { return account.balance; }
  static Account from_state(int balance) { return {balance}; }
};

TEST_CASE("Results come in the order of the tasks") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const int size = GENERATE(0, 1, 2, 3, 7, 1000);
  Parallel parallel(backend.with());
  CHECK(parallel(square_tasks(size)) == squares(size));
  CHECK(parallel.map(square, numbers(size)) == squares(size));
  CHECK(parallel.map(square, std::views::iota(0, size)) == squares(size));
  CHECK(parallel(stream_of([](int i) { return delayed(square)(i); }, size)) == squares(size));
}

TEST_CASE("Results come in the order of the tasks for every batch size and pre_dispatch") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const int batch_size = GENERATE(1, 2, 3, 100, 5000);
  const std::string pre_dispatch = GENERATE("1", "2*n_jobs", "all");
  CAPTURE(backend.name, batch_size, pre_dispatch);
  Parallel parallel(backend.with({.pre_dispatch = pre_dispatch, .batch_size = batch_size}));
  CHECK(parallel(square_tasks(100)) == squares(100));
  CHECK(parallel.map(square, std::views::iota(0, 100)) == squares(100));
}

TEST_CASE("Void tasks give no results") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const auto mark = [](int) { ++shared().ended; };
  const Shared& seen = fresh_shared();
  Parallel parallel(backend.with());
  const auto tasks =
      std::views::iota(0, 50) | std::views::transform([&](int i) { return delayed(mark)(i); });
  static_assert(std::is_void_v<decltype(parallel(tasks))>);
  static_assert(std::is_void_v<decltype(parallel.map(mark, std::views::iota(0, 50)))>);
  parallel(tasks);
  CHECK(seen.ended == 50);
  parallel.map(mark, std::views::iota(0, 50));
  CHECK(seen.ended == 100);
}

TEST_CASE("Results may be move-only or without a default constructor") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const std::vector<std::unique_ptr<int>> owners =
      parallel.map([](int i) { return std::make_unique<int>(i); }, std::views::iota(0, 20));
  const std::vector<Label> labels =
      parallel.map([](int i) { return Label(i); }, std::views::iota(0, 20));
  REQUIRE(owners.size() == 20);
  REQUIRE(labels.size() == 20);
  for (int i = 0; i < 20; ++i) {
    CHECK(*owners[static_cast<std::size_t>(i)] == i);
    CHECK(labels[static_cast<std::size_t>(i)].text == std::to_string(i));
  }
}

TEST_CASE("Bool results make a vector of bool") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const auto is_odd = [](int i) { return i % 2 == 1; };
  const std::vector<bool> results = parallel.map(is_odd, std::views::iota(0, 1000));
  REQUIRE(results.size() == 1000);
  for (int i = 0; i < 1000; ++i) REQUIRE(results[static_cast<std::size_t>(i)] == is_odd(i));
  const std::vector<bool> flags{true, false, true};
  CHECK(parallel.map([](bool flag) { return !flag; }, flags) == std::vector{false, true, false});
}

TEST_CASE("Results decay") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const auto at = [](int i) -> const std::string& { return words.at(static_cast<std::size_t>(i)); };
  auto copies = parallel.map(at, std::views::iota(0, 3));
  static_assert(std::is_same_v<decltype(copies), std::vector<std::string>>);
  CHECK(copies == words);
  static_assert(std::is_same_v<decltype(parallel(delayed(at)(0))), std::tuple<std::string>>);
  const auto literal = [](int) -> const char(&)[4] { return "abc"; };
  static_assert(std::is_same_v<decltype(parallel.map(literal, std::vector<int>{})),
                               std::vector<const char*>>);
}

TEST_CASE("A few different tasks give a tuple") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const Shared& seen = fresh_shared();
  auto [number, text, nothing, owner] =
      parallel(delayed(square)(4), delayed([](std::string s) { return s + "!"; })("go"),
               delayed([] { ++shared().ended; })(),
               delayed([](std::unique_ptr<int> p) { return p; })(std::make_unique<int>(7)));
  CHECK(number == 16);
  CHECK(text == "go!");
  static_assert(std::is_same_v<decltype(nothing), std::monostate>);
  CHECK(seen.ended == 1);
  CHECK(*owner == 7);
  const auto kept = delayed(square)(5);
  CHECK(parallel(kept, kept) == std::tuple(25, 25));
  CHECK(parallel(kept) == std::tuple(25));
}

TEST_CASE("Arguments are decayed copies unless they are wrapped references") {
  const BackendCase backend = GENERATE(from_range(backends({.shares_memory = true})));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  int target = 0;
  const std::string text = "text";
  const auto set = [](int& to, int value) { to = value; };
  parallel(delayed(set)(std::ref(target), 9));
  CHECK(target == 9);
  const auto address = [](const std::string& s) { return &s; };
  CHECK(parallel(delayed(address)(std::cref(text))) == std::tuple(&text));
  CHECK(std::get<0>(parallel(delayed(address)(text))) != &text);
  static_assert(std::is_invocable_v<decltype(delayed(set)), std::reference_wrapper<int>, int>);
}

TEST_CASE("Arguments are those of the time of delayed but for what std::cref refers to") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  std::string text = "text";
  const auto copy = [](const std::string& s) { return s; };
  const auto copied = delayed(copy)(text);
  const auto referred = delayed(copy)(std::cref(text));
  text = "changed";
  CHECK(parallel(copied, referred) == std::tuple("text", "changed"));
  const auto length = [](const char* s) { return std::string(s).size(); };
  CHECK(parallel(delayed(length)("four")) == std::tuple(std::size_t{4}));
}

TEST_CASE("Member functions and data members are tasks") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const Account account{10};
  CHECK(parallel(delayed(&Account::doubled)(account),
                 delayed(&Account::doubled)(std::cref(account)),
                 delayed(&Account::balance)(account)) == std::tuple(20, 20, 10));
  const std::vector<Account> accounts{{1}, {2}, {3}};
  CHECK(parallel.map(&Account::doubled, accounts) == std::vector{2, 4, 6});
  CHECK(parallel.map(&Account::balance, accounts) == std::vector{1, 2, 3});
}

TEST_CASE("Member functions of the caller's objects are tasks") {
  const BackendCase backend = GENERATE(from_range(backends({.shares_memory = true})));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  Account account{10};
  CHECK(parallel(delayed(&Account::doubled)(&account)) == std::tuple(20));
  parallel(delayed(&Account::deposit)(std::ref(account), 5));
  CHECK(account.balance == 15);
}

TEST_CASE("Tasks draw the same random numbers on every backend") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const auto draw = [](std::uint64_t i) { return std::mt19937_64(joblib::task_seed(7, i))(); };
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 0; i < 20; ++i) expected.push_back(draw(i));
  CHECK(Parallel(backend.with()).map(draw, std::views::iota(std::uint64_t{0}, std::uint64_t{20})) ==
        expected);
}

TEST_CASE("A task receives the token of its call as first parameter if it wants it") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const auto wants = [](const std::stop_token& stop, int i) {
    return stop.stop_possible() ? i : -1;
  };
  CHECK(parallel(delayed(wants)(1), delayed(wants)(2)) == std::tuple(1, 2));
  CHECK(parallel.map(wants, std::vector{3, 4}) == std::vector{3, 4});
  const auto either = [](auto&&... args) { return sizeof...(args); };
  CHECK(parallel.map(either, std::vector{3}) == std::vector{std::size_t{1}});
}

TEST_CASE("An instance can be called again and again") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with({.batch_size = 1}));
  for (int i = 0; i < 20; ++i) {
    CHECK(parallel(square_tasks(i)) == squares(i));
    parallel.map([](int) {}, std::vector{1, 2});
  }
}
