// Cached functions as tasks, on every backend.

#include <chrono>
#include <fstream>
#include <memory>
#include <numeric>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

#include "joblib/parallel.hpp"
#include "joblib/persistence.hpp"
#include "joblib/store/local.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "tools.hpp"

namespace joblib::test {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

// Leaves a mark in a file for each of its computations, in whatever process.
int marked(const std::string& file, int x) {
  std::ofstream(file, std::ios::app) << 'x';
  return x + 1;
}

int slowly_marked(const std::string& file, int x) {
  std::this_thread::sleep_for(50ms);  // so that the others come while it runs
  return marked(file, x);
}

int sum_of_calls(const MemorizedFunc<int (*)(const std::string&, int)>& cached,
                 const std::string& file, int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += cached(file, i);
  return sum;
}

bool always(const Metadata& /*metadata*/) { return true; }

struct Marks : CacheFolder {
  std::string file = folder.root() / "marks";

  std::size_t count() const {
    std::error_code missing;
    const auto size = fs::file_size(file, missing);
    return missing ? 0 : size;
  }

  template <class F>
  std::vector<int> results(const F& cached, const std::string& backend, int begin, int end) const {
    return Parallel({.n_jobs = 2, .backend = backend})(
        std::views::iota(begin, end) |
        std::views::transform([&](int x) { return delayed(cached)(file, x); }));
  }
};

std::vector<int> numbers(int begin, int end) {
  std::vector<int> result(static_cast<std::size_t>(end - begin));
  std::iota(result.begin(), result.end(), begin);
  return result;
}

std::string any_backend() {
  return address_sanitizer || thread_sanitizer
             ? GENERATE("sequential", "threading", "loky")
             : GENERATE("sequential", "threading", "loky", "multiprocessing");
}

}  // namespace

TEST_CASE_METHOD(Marks, "A cached function is a task on every backend, and all share its results") {
  const auto cached = memory.cache("marked", marked);
  const std::string backend = any_backend();
  CAPTURE(backend);
  CHECK(cached(file, 3) == 4);
  CHECK(results(cached, backend, 0, 20) == numbers(1, 21));
  CHECK(count() == 20);
  CHECK(results(cached, backend, 10, 30) == numbers(11, 31));
  CHECK(count() == 30);
  CHECK(cached(file, 29) == 30);
  CHECK(count() == 30);
}

TEST_CASE_METHOD(Marks, "What belongs to a cached function goes with it") {
  const Memory compressed(folder.root(),
                          {.compress = {"gzip", 1}, .verbose = 0, .limits = {.items_limit = 1000}});
  const CacheOptions options = GENERATE(
      CacheOptions{.ignore = {"file"}, .args = {"file", "x"}, .version = ""},
      CacheOptions{.validate = expires_after(1h), .args = {"file", "x"}},
      CacheOptions{.validate = always, .version = "2"}, CacheOptions{.state = std::string("a")});
  const auto cached = compressed.cache("marked", marked, options);
  const auto lambda = compressed.cache(
      "lambda", [](const std::string& name, int x) { return marked(name, x); }, options);
  CHECK(results(cached, "loky", 0, 4) == numbers(1, 5));
  CHECK(results(lambda, "loky", 0, 4) == numbers(1, 5));
  CHECK(count() == 8);
  CHECK(results(cached, "sequential", 0, 4) == numbers(1, 5));
  CHECK(results(lambda, "sequential", 0, 4) == numbers(1, 5));
  CHECK(count() == 8);
}

TEST_CASE_METHOD(Marks, "Workers compute a result once, the others wait for it") {
  const auto cached = memory.cache("slowly_marked", slowly_marked);
  const std::vector<int> found = Parallel({.n_jobs = 4, .backend = "loky", .batch_size = 1})(
      std::views::iota(0, 8) |
      std::views::transform([&](int) { return delayed(cached)(file, 1); }));
  CHECK(found == std::vector<int>(8, 2));
  CHECK(count() == 1);
}

TEST_CASE_METHOD(Marks, "A cached function can be an argument, or the function of a map") {
  const auto cached = memory.cache("marked", marked);
  const auto [five, ten] = Parallel({.n_jobs = 2, .backend = "loky"})(
      delayed(sum_of_calls)(cached, file, 5), delayed(sum_of_calls)(std::cref(cached), file, 10));
  CHECK(five == 15);
  CHECK(ten == 55);
  CHECK(count() >= 10);
  const auto squares = memory.cache("square", square);
  CHECK(Parallel({.n_jobs = 2, .backend = "loky"}).map(squares, numbers(0, 4)) ==
        std::vector{0, 1, 4, 9});
  CHECK(calls_of([&] { squares(3); }) == 0);
}

TEST_CASE_METHOD(Marks, "Without a cache it is the function itself") {
  const Memory off(std::nullopt);
  const auto cached = off.cache("marked", marked);
  CHECK(results(cached, "loky", 0, 3) == numbers(1, 4));
  CHECK(results(cached, "loky", 0, 3) == numbers(1, 4));
  CHECK(count() == 6);
}

TEST_CASE_METHOD(Marks, "The store stays where it is when the current folder changes") {
  const fs::path before = fs::current_path();
  fs::current_path(folder.root());
  const Memory relative("relative", {.verbose = 0});
  fs::create_directory("elsewhere");
  fs::current_path("elsewhere");
  const auto cached = relative.cache("marked", marked);
  CHECK(results(cached, "loky", 0, 3) == numbers(1, 4));
  CHECK(results(cached, "sequential", 0, 3) == numbers(1, 4));
  const auto shelved = cached.call_and_shelve(file, 2);
  CHECK(loads<MemorizedResult<int>>(dumps(shelved)).get() == 3);
  fs::current_path(before);
  CHECK(count() == 3);
}

TEST_CASE_METHOD(Marks, "Where live objects aren't, it is the function itself, too") {
  const Memory live("", {.backend = "memory", .verbose = 0});
  const auto cached = live.cache("marked", marked);
  CHECK(cached(file, 0) == 1);
  CHECK(results(cached, "loky", 0, 3) == numbers(1, 4));
  CHECK(count() == 4);
  CHECK(results(cached, "threading", 0, 3) == numbers(1, 4));
  CHECK(results(cached, "threading", 0, 3) == numbers(1, 4));
  CHECK(count() == 6);
}

TEST_CASE_METHOD(Marks, "Who is told of failures here isn't told of those in workers") {
  const Memory telling(folder.root(), {.verbose = 0, .on_store_error = [](const Error&) {}});
  CHECK(results(telling.cache("marked", marked), "loky", 0, 3) == numbers(1, 4));
  CHECK(results(telling.cache("marked", marked), "sequential", 0, 3) == numbers(1, 4));
  CHECK(count() == 3);
}

TEST_CASE_METHOD(Marks, "What other processes can't have is an error that names it") {
  const auto error_of = [&](const Memory& where, const CacheOptions& options) {
    return error_text([&] { results(where.cache("marked", marked, options), "loky", 0, 4); });
  };
  const std::string name = folder.root() / "other";
  CHECK_THAT(error_of(memory, {.validate = [name](const Metadata&) { return !name.empty(); }}),
             Contains("the validator of 'marked'"));
  CHECK_THAT(
      error_of(Memory(name, {.backend = std::make_shared<LocalStore>(name), .verbose = 0}), {}),
      Contains("choose one by name"));
  CHECK(count() == 0);
}

}  // namespace joblib::test
