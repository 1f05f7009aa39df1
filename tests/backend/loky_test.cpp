#include "joblib/backend/loky.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "core/environment_guard.hpp"
#include "core/file_tree.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"
#include "process/captured.hpp"
#include "process/children.hpp"

using joblib::BackendOptions;
using joblib::delayed;
using joblib::errc;
using joblib::Parallel;
using joblib::ParallelOptions;
using joblib::TerminatedWorkerError;
using joblib::test::children;
using joblib::test::EnvironmentGuard;
using joblib::test::error_code;
using joblib::test::FileTree;
using joblib::test::text_of_error;

namespace {

using Catch::Matchers::Contains;

ParallelOptions with_loky(ParallelOptions options = {}) {
  options.n_jobs = 2;
  options.backend = "loky";
  return options;
}

int process(int) { return getpid(); }
int square(int x) { return x * x; }

std::set<int> processes_of(Parallel& parallel) {
  const std::vector<int> ids = parallel.map(process, std::views::iota(0, 50));
  return {ids.begin(), ids.end()};
}

int crash_at_2(int i) {
  if (i == 2) std::raise(SIGKILL);
  return i;
}

struct NotSendable {
  int* pointer;
};

void say(int i) { std::printf("%d squared is\n%d\n", i, i * i); }

int initialized = 0;
void initialize() { initialized += 10; }
void fail_to_initialize() { throw std::runtime_error("no licence"); }

// Each time, a folder is made where the environment says.
constexpr const char* marks_variable = "JOBLIB_TEST_MARKS";
void mark() {
  std::filesystem::create_directory(std::string(std::getenv(marks_variable)) + '/' +
                                    std::to_string(getpid()));
}
void exit_in_initializer() {
  mark();
  _exit(3);
}
void crash_in_initializer() {
  mark();
  std::raise(SIGKILL);
}
void hang_in_initializer() {
  mark();
  for (;;) pause();
}

}  // namespace

TEST_CASE("Tasks run in workers that are kept for later calls") {
  joblib::shutdown();
  Parallel parallel(with_loky());
  const std::set<int> first = processes_of(parallel);
  CHECK_FALSE(first.contains(getpid()));
  CHECK(first.size() <= 2);
  for (int i = 0; i < 20; ++i) {
    Parallel other(with_loky());
    for (const int id : processes_of(other)) CHECK(children().contains(id));
  }
  CHECK(children().size() <= 2);
  joblib::shutdown();
  CHECK(children().empty());
  CHECK(processes_of(parallel).size() <= 2);
}

TEST_CASE("What tasks write can be tagged with their numbers") {
  joblib::test::Captured output(1);
  const BackendOptions tags = {{"tag_output", true}};
  Parallel(with_loky({.batch_size = 1, .backend_options = tags})).map(say, std::vector{7});
  Parallel(with_loky({.batch_size = 2, .backend_options = tags})).map(say, std::vector{1, 2});
  CHECK(output.text() ==
        "[task 0] 7 squared is\n[task 0] 49\n"
        "[tasks 0 to 1] 1 squared is\n[tasks 0 to 1] 1\n"
        "[tasks 0 to 1] 2 squared is\n[tasks 0 to 1] 4\n");
}

TEST_CASE("Functions, members and callables without captures can be sent with their arguments") {
  Parallel parallel(with_loky());
  CHECK(parallel.map(square, std::vector{1, 2, 3}) == std::vector{1, 4, 9});
  const auto join = [](const std::string& text, const std::vector<double>& values) {
    return text + std::to_string(std::accumulate(values.begin(), values.end(), 0.0));
  };
  const std::vector<double> values(100'000, 0.5);
  const auto [joined, length] = parallel(delayed(join)("sum ", std::cref(values)),
                                         delayed(&std::string::size)(std::string("text")));
  CHECK(joined == "sum 50000.000000");
  CHECK(length == 4);
}

TEST_CASE("What can't be sent to a worker is an error that names it before anything is drawn") {
  std::atomic<int> drawn = 0;
  const auto tasks = std::views::iota(0, 3) | std::views::transform([&](int) {
                       ++drawn;
                       return delayed([](NotSendable) {})(NotSendable{nullptr});
                     });
  Parallel parallel(with_loky());
  const auto call = [&] { parallel(tasks); };
  CHECK(error_code(call) == errc::invalid_argument);
  CHECK_THAT(text_of_error(call), Contains("NotSendable") && Contains("multiprocessing"));
  CHECK(drawn == 0);
}

TEST_CASE("Tasks that are safe to repeat survive their workers") {
  const FileTree folder;
  const auto die_once = [](const std::string& mark) {
    if (std::filesystem::exists(mark)) return 1;
    std::ofstream(mark).put('x');
    std::raise(SIGKILL);
    return 0;
  };
  const std::vector<std::string> marks = {(folder.root() / "a").string(),
                                          (folder.root() / "b").string()};
  const BackendOptions retries = {{"retries", std::int64_t{1}}};
  Parallel parallel(with_loky({.batch_size = 1, .backend_options = retries}));
  CHECK(parallel.map(die_once, marks) == std::vector{1, 1});
  CHECK_THROWS_AS(parallel.map(crash_at_2, std::vector{2, 3}), TerminatedWorkerError);
}

TEST_CASE("Exceptions come back from workers with their type, text and origin") {
  try {
    Parallel(with_loky({.batch_size = 1}))
        .map([](int i) { return i == 1 ? throw std::out_of_range("beyond") : i; },
             std::vector{0, 1, 2});
    FAIL("no error");
  } catch (const std::out_of_range& error) {
    CHECK(error.what() == std::string("beyond"));
    const auto* const origin = dynamic_cast<const joblib::TaskOrigin*>(&error);
    REQUIRE(origin != nullptr);
    CHECK(origin->task() == 1);
    CHECK(origin->pid() != getpid());
  }
}

TEST_CASE("Each worker runs the initializer first") {
  const auto ask = [](int) { return initialized; };
  const BackendOptions options = {{"initializer", initialize}};
  const auto values =
      Parallel(with_loky({.backend_options = options})).map(ask, std::views::iota(0, 9));
  CHECK(values == std::vector<int>(9, 10));
  CHECK(initialized == 0);
  const BackendOptions failing = {{"initializer", fail_to_initialize}};
  CHECK(text_of_error([&] {
          Parallel(with_loky({.backend_options = failing})).map(ask, std::views::iota(0, 9));
        }) == "The initializer of a worker process failed: no licence");
}

TEST_CASE("Each worker runs the finalizer last") {
  const FileTree folder;
  const EnvironmentGuard guard(marks_variable, folder.root().c_str());
  joblib::shutdown();
  Parallel parallel(with_loky({.backend_options = {{"finalizer", mark}}}));
  const std::set<int> workers = processes_of(parallel);
  CHECK(std::filesystem::is_empty(folder.root()));
  joblib::shutdown();
  for (const int id : workers) CHECK(std::filesystem::exists(folder.root() / std::to_string(id)));
}

TEST_CASE("An initializer that ends its worker ends the call, and no task is blamed or repeated") {
  const auto [initializer, exit_code] = GENERATE(table<void (*)(), std::string>({
      {exit_in_initializer, "EXIT(3)"},
      {crash_in_initializer, "SIGKILL(-9)"},
  }));
  const FileTree folder;
  const EnvironmentGuard guard(marks_variable, folder.root().c_str());
  joblib::shutdown();
  Parallel parallel(
      with_loky({.batch_size = 1,
                 .backend_options = {{"initializer", initializer}, {"retries", std::int64_t{9}}}}));
  const auto tasks =
      std::views::iota(0, 100) | std::views::transform([](int i) { return delayed(square)(i); });
  const auto call = [&] { parallel.outcomes(tasks); };
  CHECK_THROWS_AS(call(), TerminatedWorkerError);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.root()), {}) <= 2);
  CHECK(text_of_error(call) ==
        "The initializer of a worker process ended it, with the exit code " + exit_code);
  joblib::shutdown();
}

TEST_CASE("An initializer that hangs is killed with its worker when a task has a time-out") {
  const FileTree folder;
  const EnvironmentGuard guard(marks_variable, folder.root().c_str());
  joblib::shutdown();
  Parallel parallel(with_loky({.timeout = std::chrono::milliseconds(100),
                               .backend_options = {{"initializer", hang_in_initializer}}}));
  CHECK_THROWS_AS(parallel.map(square, std::vector{1, 2, 3}), joblib::TimeoutError);
  CHECK_FALSE(std::filesystem::is_empty(folder.root()));
  CHECK(children().empty());
}

TEST_CASE("Workers limit the threads of OpenMP and others") {
  const auto ask = [](const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "unset" : value);
  };
  const std::vector<std::string> names = {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "ENABLE_IPC"};
  const std::string share = std::to_string(std::max(joblib::cpu_count() / 2, 1));
  joblib::shutdown();
  const EnvironmentGuard guard("MKL_NUM_THREADS", "7");
  CHECK(Parallel(with_loky()).map(ask, names) == std::vector<std::string>{share, "7", "1"});
  // What a call says goes before what the environment says, and workers with it are kept, too.
  Parallel limited(with_loky({.inner_max_num_threads = 3}));
  CHECK(limited.map(ask, names) == std::vector<std::string>{"3", "3", "1"});
  const std::set<int> workers = processes_of(limited);
  CHECK(Parallel(with_loky()).map(ask, names) == std::vector<std::string>{share, "7", "1"});
  for (const int id : processes_of(limited)) CHECK(children().contains(id));
  joblib::shutdown();
}

TEST_CASE("Calls may come from any thread") {
  std::vector<std::vector<int>> results(4);
  {
    std::vector<std::jthread> threads;
    for (std::vector<int>& result : results) {
      threads.emplace_back(
          [&result] { result = Parallel(with_loky()).map(square, std::views::iota(0, 100)); });
    }
  }
  for (const std::vector<int>& result : results) {
    REQUIRE(result.size() == 100);
    CHECK(result[99] == 99 * 99);
  }
}

TEST_CASE("Options of workers are checked") {
  const auto refused = [](const BackendOptions& options) {
    return error_code([&] { Parallel(with_loky({.backend_options = options})); }) ==
           errc::invalid_argument;
  };
  int captured = 0;
  CHECK(refused({{"initializer", std::function<void()>([&captured] { ++captured; })}}));
  CHECK(refused({{"initializer", std::string("name")}}));
  CHECK(refused({{"retries", std::int64_t{-1}}}));
  CHECK(refused({{"tag_output", std::int64_t{1}}}));
  CHECK(refused({{"idle_worker_timeout", -1.0}}));
  CHECK(refused({{"timeout", 1.0}}));
}

TEST_CASE("Workers may have workers, but not without end") {
  const auto nested = [](int) {
    return Parallel({.n_jobs = 2, .backend = "loky"}).map(square, std::vector{3, 4});
  };
  joblib::shutdown();
  CHECK(Parallel(with_loky()).map(nested, std::vector{1}) ==
        std::vector<std::vector<int>>{{9, 16}});
  setenv("LOKY_MAX_DEPTH", "1", 1);
  joblib::shutdown();
  const auto call = [&] { Parallel(with_loky()).map(nested, std::vector{1, 2}); };
  CHECK_THAT(text_of_error(call), Contains("LOKY_MAX_DEPTH"));
  unsetenv("LOKY_MAX_DEPTH");
  joblib::shutdown();
}

TEST_CASE("Large values travel in both directions at once") {
  const std::vector<std::vector<double>> arrays(4, std::vector<double>(1 << 21, 1.5));
  const auto twice = [](std::vector<double> values) {
    for (double& value : values) value *= 2;
    return values;
  };
  const auto results = Parallel(with_loky()).map(twice, arrays);
  REQUIRE(results.size() == 4);
  for (const auto& result : results) {
    CHECK(result.size() == 1 << 21);
    CHECK(std::ranges::all_of(result, [](double value) { return value == 3; }));
  }
}
