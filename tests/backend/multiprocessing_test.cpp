#include "joblib/backend/multiprocessing.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <ios>
#include <iostream>
#include <numeric>
#include <ranges>
#include <regex>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/core/detail/cached_call.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "process/children.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::test::address_sanitizer;
using joblib::test::children;
using joblib::test::error_code;
using joblib::test::open_descriptors;
using joblib::test::text_of_error;
using joblib::test::thread_sanitizer;

namespace {

const joblib::ParallelOptions two_jobs{.n_jobs = 2, .backend = "multiprocessing"};

joblib::ParallelOptions with_forks(joblib::ParallelOptions options) {
  options.n_jobs = 2;
  options.backend = "multiprocessing";
  return options;
}

bool no_forks() {
  joblib::shutdown();  // other backends' workers
  return children().empty();
}

// Can't be pickled.
struct Plain {
  int value;
};

// Like a class of the user.
struct Unregistered : std::logic_error {
  using std::logic_error::logic_error;
};

}  // namespace

TEST_CASE("Tasks run in processes of their own and see what the caller has") {
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 0);
  int changed = 0;
  const pid_t here = getpid();
  const auto results = Parallel(two_jobs).map(
      [&](std::size_t i) {
        ++changed;
        return std::pair(numbers[i] * 2, getpid() == here);
      },
      std::views::iota(std::size_t{0}, numbers.size()));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    REQUIRE(results[i].first == numbers[i] * 2);
    REQUIRE_FALSE(results[i].second);
  }
  CHECK(changed == 0);
  CHECK(no_forks());
}

TEST_CASE("The child of a batch sees what has changed before it was forked") {
  int value = 1;
  Parallel parallel(two_jobs);
  const auto read = [&] { return value; };
  CHECK(parallel(delayed(read)(), delayed(read)()) == std::tuple(1, 1));
  value = 2;
  CHECK(parallel(delayed(read)(), delayed(read)()) == std::tuple(2, 2));
}

TEST_CASE("An error of a task comes with its type and text and origin") {
  Parallel parallel(with_forks({.batch_size = 1}));
  const auto thrower = [&](auto error) {
    return [&parallel, error] {
      parallel.map(
          [&](int i) {
            if (i == 1) throw error;
          },
          std::views::iota(0, 3));
    };
  };
  CHECK_THROWS_AS(thrower(std::out_of_range("beyond"))(), std::out_of_range);
  CHECK(text_of_error(thrower(std::out_of_range("beyond"))) == "beyond");
  CHECK_THROWS_AS(thrower(std::bad_alloc())(), std::bad_alloc);
  CHECK_THROWS_AS(thrower(joblib::TimeoutError("late"))(), joblib::TimeoutError);
  CHECK(error_code(thrower(joblib::Error(joblib::errc::not_found, "none"))) ==
        joblib::errc::not_found);
  const std::system_error system(ENOENT, std::generic_category(), "open");
  try {
    thrower(system)();
    FAIL("no error");
  } catch (const std::system_error& error) {
    CHECK(error.code() == system.code());
    CHECK(error.what() == std::string(system.what()));
    const auto* const origin = dynamic_cast<const joblib::TaskOrigin*>(&error);
    REQUIRE(origin != nullptr);
    CHECK(origin->task() == 1);
    CHECK(origin->pid() != getpid());
  }
  CHECK(error_code(thrower(Unregistered("mine"))) == joblib::errc::task_failed);
  CHECK(text_of_error(thrower(Unregistered("mine"))) ==
        "(anonymous namespace)::Unregistered: mine");
  CHECK(error_code(thrower(Plain{5})) == joblib::errc::task_failed);
  CHECK(text_of_error(thrower(Plain{5})).find("'(anonymous namespace)::Plain'") !=
        std::string::npos);
}

TEST_CASE("Errors of the standard library's own types come as such") {
  const auto thrown = [](int which) {
    if (which == 0) std::ifstream("/nowhere").exceptions(std::ios::failbit);
    if (which == 1) return std::future<unsigned>().get();
    return std::regex("(").mark_count();
  };
  const auto call = [&](int which) {
    return [&, which] { Parallel(with_forks({})).map(thrown, std::vector{which}); };
  };
  const auto direct = [&](int which) { return text_of_error([&] { thrown(which); }); };
  CHECK_THROWS_AS(call(0)(), std::ios_base::failure);
  CHECK_THROWS_AS(call(1)(), std::future_error);
  CHECK_THROWS_AS(call(2)(), std::regex_error);
  for (const int which : {0, 1, 2}) CHECK(text_of_error(call(which)) == direct(which));
}

struct Muted {
  Muted() = default;
  Muted(const Muted&) = delete;
  Muted& operator=(const Muted&) = delete;
  ~Muted() { std::cout.rdbuf(before); }

  std::streambuf* const before = std::cout.rdbuf(nullptr);
};

TEST_CASE("Muted streams stay muted") {
  const auto write = [](int i) {
    std::cout << i;
    return i;
  };
  const Muted muted;
  CHECK(Parallel(with_forks({})).map(write, std::vector{1, 2}) == std::vector{1, 2});
}

TEST_CASE("A result whose type can't come back is an error before anything runs") {
  std::atomic<int> started = 0;
  Parallel parallel(two_jobs);
  const auto call = [&] {
    parallel.map([](int i) { return Plain{i}; },
                 std::views::iota(0, 3) | std::views::transform([&](int i) {
                   ++started;
                   return i;
                 }));
  };
  CHECK(error_code(call) == joblib::errc::invalid_argument);
  CHECK(text_of_error(call).find("'(anonymous namespace)::Plain'") != std::string::npos);
  CHECK(started == 0);
}

TEST_CASE("A result that can't be pickled is an error of its task") {
  const auto task = [](int i) { return i == 2 ? std::string("\xff") : std::string("text"); };
  try {
    Parallel(with_forks({.batch_size = 4})).map(task, std::views::iota(0, 4));
    FAIL("no error");
  } catch (const joblib::Error& error) {
    CHECK(error.what() != std::string());
    const auto* const origin = dynamic_cast<const joblib::TaskOrigin*>(&error);
    REQUIRE(origin != nullptr);
    CHECK(origin->task() == 2);
  }
}

TEST_CASE("Large results come back whole") {
  const std::size_t size = (std::size_t{64} << 20) / sizeof(double);
  const auto results = Parallel(with_forks({.batch_size = 1}))
                           .map(
                               [&](int i) {
                                 std::vector<double> values(size);
                                 std::iota(values.begin(), values.end(), i);
                                 return values;
                               },
                               std::views::iota(0, 2));
  REQUIRE(results.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE(results[i].size() == size);
    CHECK(results[i].front() == static_cast<double>(i));
    CHECK(results[i].back() == static_cast<double>(i + size - 1));
  }
}

TEST_CASE("Thousands of tasks leave no process and no file behind") {
  if (address_sanitizer || thread_sanitizer) return;  // children may find locks held
  const auto text = [](int i) { return std::string(200, static_cast<char>('a' + i % 26)); };
  Parallel parallel(two_jobs);
  parallel.map(text, std::views::iota(0, 10));  // starts the threads of the pool
  const auto before = open_descriptors();
  const auto results = parallel.map(text, std::views::iota(0, 20'000));
  REQUIRE(results.size() == 20'000);
  for (int i = 0; i < 20'000; ++i) REQUIRE(results[static_cast<std::size_t>(i)] == text(i));
  CHECK(open_descriptors() == before);
  CHECK(no_forks());
}

TEST_CASE("Calls inside of a child use its threads and never its parent's") {
  if (thread_sanitizer) return;  // no threads in children
  const auto inner = [](int i) { return std::pair(getpid(), i); };
  const auto outer = [&](int) {
    const auto results = Parallel({.n_jobs = 2}).map(inner, std::views::iota(0, 20));
    return std::ranges::all_of(results, [](const auto& r) { return r.first == getpid(); }) &&
           results.size() == 20;
  };
  const std::vector<bool> all = Parallel(two_jobs).map(outer, std::views::iota(0, 4));
  CHECK(all == std::vector<bool>(4, true));
}

TEST_CASE("The backend is one job inside of its own children") {
  const auto ask = [](int) {
    const joblib::test::SinkGuard quiet([](const joblib::LogRecord&) {});
    const joblib::parallel_config guard({.backend = "multiprocessing"});
    return joblib::effective_n_jobs(4);
  };
  CHECK(Parallel(two_jobs).map(ask, std::vector{1, 2}) == std::vector{1, 1});
}

TEST_CASE("Children know that they work for a cached function") {
  const auto ask = [](int) { return joblib::detail::in_cached_call(); };
  CHECK(Parallel(two_jobs).map(ask, std::vector{1, 2}) == std::vector<bool>{false, false});
  joblib::detail::in_cached_call() = true;
  const auto inside = Parallel(two_jobs).map(ask, std::vector{1, 2});
  joblib::detail::in_cached_call() = false;
  CHECK(inside == std::vector<bool>{true, true});
}

TEST_CASE("Output is written once and in order") {
  if (thread_sanitizer) return;  // no threads in children
  const auto path = std::filesystem::temp_directory_path() /
                    ("joblib_output_" + std::to_string(getpid()) + ".txt");
  const pid_t program = fork();
  if (program == 0) {
    if (std::freopen(path.c_str(), "w", stdout) == nullptr) _exit(1);
    std::printf("before ");
    Parallel(with_forks({.batch_size = 2}))
        .map([](int i) { std::printf("task%d ", i); }, std::vector{0, 1});
    std::printf("after");
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(program, &status, 0) == program);
  REQUIRE(status == 0);
  std::FILE* const file = std::fopen(path.c_str(), "r");
  REQUIRE(file != nullptr);
  char text[100] = {};
  const std::size_t size = std::fread(text, 1, sizeof(text) - 1, file);
  std::fclose(file);
  std::filesystem::remove(path);
  CHECK(std::string(text, size) == "before task0 task1 after");
}

TEST_CASE("Processes can be preferred and do not share memory") {
  const auto here = [] { return getpid(); };
  const auto [a, b] = Parallel({.n_jobs = 2, .prefer = joblib::Prefer::processes})(delayed(here)(),
                                                                                   delayed(here)());
  CHECK(a != getpid());
  CHECK(b != getpid());
  CHECK(error_code([] {
          Parallel({.backend = "multiprocessing", .require = joblib::Require::sharedmem});
        }) == joblib::errc::invalid_argument);
}
