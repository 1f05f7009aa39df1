#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "joblib/core/detail/cached_call.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/request_backend.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::sendable;
using joblib::test::error_code;
using joblib::test::RequestBackend;

namespace {

double half(double x) { return x / 2; }
std::size_t length(const std::string& text) { return text.size(); }
[[maybe_unused]] int add(int a, int b) noexcept { return a + b; }

struct Account {
  int balance = 0;
  int plus(int amount) const { return balance + amount; }
  virtual int twice() const { return 2 * balance; }
  virtual ~Account() = default;
  Account(int initial = 0) : balance(initial) {}
  Account(const Account&) = default;
  Account& operator=(const Account&) = default;
};

struct Scale {
  double factor;
  double operator()(double x) const { return factor * x; }
};

struct Opaque {
  int value;
};

// Tells late that a task has yet to begin: its time is over.
class LateBackend : public joblib::RemoteBackend {
 public:
  std::string_view name() const override { return "LateBackend"; }
  joblib::bytes run(joblib::RemoteJob& job, const std::stop_token& stop) override {
    joblib::test::wait_for_stop(stop);
    job.wait();
    throw joblib::Cancelled("killed");
  }
};

}  // namespace

template <>
struct joblib::pickler<Account> {
  static int to_state(const Account& account) { return account.balance; }
  static Account from_state(int balance) { return Account(balance); }
};

template <>
struct joblib::pickler<Scale> {
  static double to_state(const Scale& scale) { return scale.factor; }
  static Scale from_state(double factor) { return {factor}; }
};

TEST_CASE("What can be sent is known when the program is compiled") {
  int local = 1;
  const std::vector<int> values{1};
  const auto stateless = [](int i) { return i; };
  const auto capturing = [&](int i) { return i + local; };
  STATIC_REQUIRE(sendable<decltype(delayed(half)(1.0))>);
  STATIC_REQUIRE(sendable<decltype(delayed(add)(1, 2))>);
  STATIC_REQUIRE(sendable<decltype(delayed(stateless)(1))>);
  STATIC_REQUIRE(sendable<decltype(delayed(length)(std::string()))>);
  STATIC_REQUIRE(sendable<decltype(delayed(&Account::plus)(Account(), 1))>);
  STATIC_REQUIRE(sendable<decltype(delayed(&Account::balance)(Account()))>);
  STATIC_REQUIRE(sendable<decltype(delayed(Scale{2})(1.0))>);
  STATIC_REQUIRE(sendable<decltype(delayed([](const std::vector<int>&) {})(std::cref(values)))>);
  STATIC_REQUIRE_FALSE(sendable<decltype(delayed(capturing)(1))>);
  STATIC_REQUIRE_FALSE(sendable<decltype(delayed([](int&) {})(std::ref(local)))>);
  STATIC_REQUIRE_FALSE(sendable<decltype(delayed([](Opaque) {})(Opaque{}))>);
  STATIC_REQUIRE_FALSE(sendable<decltype(delayed([](int) { return Opaque{}; })(1))>);
  STATIC_REQUIRE(sendable<decltype(delayed(length)("text"))>);
  STATIC_REQUIRE(sendable<std::pair<const std::string, int>>);  // an element of a map
  STATIC_REQUIRE_FALSE(
      sendable<decltype(delayed(&Account::balance)(static_cast<Account*>(nullptr)))>);
  CHECK(capturing(1) == 2);
}

TEST_CASE("Tasks of every kind are sent") {
  const auto backend = std::make_shared<RequestBackend>(true);
  Parallel parallel({.n_jobs = 2, .backend = backend, .batch_size = 2});
  CHECK(parallel.map(half, std::vector{2.0, 4.0, 5.0}) == std::vector{1.0, 2.0, 2.5});
  CHECK(parallel.map(&half, std::views::iota(0, 3)) == std::vector{0.0, 0.5, 1.0});
  CHECK(parallel.map(std::negate<>(), std::vector{1, 2}) == std::vector{-1, -2});
  const Scale scale{3};
  CHECK(parallel.map(scale, std::vector{1.0, 2.0}) == std::vector{3.0, 6.0});
  CHECK(parallel.map(std::cref(scale), std::vector{1.0, 2.0}) == std::vector{3.0, 6.0});
  CHECK(parallel.map(&Account::twice, std::vector<Account>{1, 2, 3}) == std::vector{2, 4, 6});
  CHECK(parallel.map(&Account::balance, std::vector<Account>{1, 2}) == std::vector{1, 2});
  const std::vector<int> values{1, 2, 3};
  const auto sum = [](const std::vector<int>& numbers, int more) {
    return std::accumulate(numbers.begin(), numbers.end(), more);
  };
  CHECK(parallel(std::views::iota(0, 3) | std::views::transform([&](int i) {
                   return delayed(sum)(std::cref(values), i);
                 })) == std::vector{6, 7, 8});
  const std::vector<bool> flags = parallel.map(std::logical_not<>(), std::vector{true, false});
  CHECK(flags == std::vector<bool>{false, true});
  CHECK(backend->requests > 0);
}

TEST_CASE("A few different tasks are sent") {
  const auto backend = std::make_shared<RequestBackend>(true);
  const std::string text = "text";
  const int batch_size = GENERATE(1, 2, 10);
  Parallel parallel({.n_jobs = 2, .backend = backend, .batch_size = batch_size});
  const auto kept = delayed(half)(5.0);
  const auto [h, size, nothing, owner, twice] =
      parallel(kept, delayed(length)(std::cref(text)), delayed([] {})(),
               delayed([](std::unique_ptr<int> p) { return p; })(std::make_unique<int>(7)),
               delayed(&Account::twice)(Account(4)));
  CHECK(h == 2.5);
  CHECK(size == 4);
  STATIC_REQUIRE(std::is_same_v<decltype(nothing), const std::monostate>);
  CHECK(*owner == 7);
  CHECK(twice == 8);
  CHECK(backend->requests == (batch_size == 1 ? 5 : batch_size == 2 ? 3 : 1));
}

TEST_CASE("A task that can't be sent is an error that names the type before anything is drawn") {
  Parallel parallel({.n_jobs = 2, .backend = std::make_shared<RequestBackend>(true)});
  int drawn = 0;
  const auto message = [&](auto task) -> std::string {
    try {
      parallel(std::views::iota(0, 4) | std::views::transform([&](int) {
                 ++drawn;
                 return task;
               }));
    } catch (const joblib::Error& error) {
      CHECK(error.code() == joblib::errc::invalid_argument);
      return error.what();
    }
    return {};
  };
  int local = 0;
  CHECK(message(delayed([](Opaque) {})(Opaque{})).find("'(anonymous namespace)::Opaque'") !=
        std::string::npos);
  CHECK(message(delayed([](int&) {})(std::ref(local))).find("'std::reference_wrapper<int>'") !=
        std::string::npos);
  const std::string of_lambda = message(delayed([&local] { ++local; })());
  CHECK((of_lambda.find("lambda") != std::string::npos ||  // as GCC calls it, or Clang
         of_lambda.find("'$_") != std::string::npos ||
         of_lambda.find("::$_") != std::string::npos));
  CHECK(message(delayed([] { return Opaque{}; })()).find("results of type") != std::string::npos);
  CHECK(drawn == 0);
  CHECK(error_code([&] { parallel(delayed([&] { ++local; })(), delayed([] {})()); }) ==
        joblib::errc::invalid_argument);
}

TEST_CASE("Errors and outcomes of tasks that were sent come back") {
  Parallel parallel(
      {.n_jobs = 2, .backend = std::make_shared<RequestBackend>(true), .batch_size = 3});
  const auto task = [](int i) {
    if (i == 4) throw std::length_error("four");
    return i;
  };
  try {
    parallel.map(task, std::views::iota(0, 9));
    FAIL("no error");
  } catch (const std::length_error& error) {
    CHECK(error.what() == std::string("four"));
    CHECK(dynamic_cast<const joblib::TaskOrigin&>(error).task() == 4);
  }
  const auto outcomes = parallel.outcomes(
      std::views::iota(0, 9) | std::views::transform([&](int i) { return delayed(task)(i); }));
  for (int i = 0; i < 9; ++i) CHECK(outcomes[static_cast<std::size_t>(i)].has_value() == (i != 4));
  CHECK_THROWS_AS(outcomes[4].value(), std::length_error);
}

TEST_CASE("Requests carry the context of the call") {
  Parallel parallel({.n_jobs = 2, .backend = std::make_shared<RequestBackend>(true)});
  const auto cached = [](int) { return joblib::detail::in_cached_call(); };
  CHECK(parallel.map(cached, std::vector{1, 2}) == std::vector<bool>{false, false});
  const auto jobs = [](int) { return joblib::effective_n_jobs(3); };
  CHECK(parallel.map(jobs, std::vector{1, 2}) == std::vector{3, 3});
  const auto nested = [](int) {
    return std::get<0>(Parallel({.n_jobs = 2})(
        delayed([] { return joblib::effective_n_jobs(3); })(), delayed([] {})()));
  };
  CHECK(parallel.map(nested, std::vector{1, 2}) == std::vector{1, 1});
}

TEST_CASE("Bytes that are no request are answered with an error") {
  const joblib::bytes reply = joblib::run_request(joblib::bytes("nonsense"));
  CHECK_FALSE(reply.empty());
}

TEST_CASE("A task that is ended as overdue before it begins is a TimeoutError") {
  Parallel parallel({.n_jobs = 2,
                     .backend = std::make_shared<LateBackend>(),
                     .timeout = std::chrono::milliseconds(5)});
  CHECK_THROWS_AS(parallel.map(half, std::vector{1.0}), joblib::TimeoutError);
}
