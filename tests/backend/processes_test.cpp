// What both backends of processes promise.

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <limits>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "catch.hpp"
#include "core/file_tree.hpp"
#include "joblib/parallel.hpp"
#include "joblib/process/detail/child_process.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "process/children.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::TerminatedWorkerError;
using joblib::TimeoutError;
using joblib::detail::ChildProcess;
using joblib::test::FileTree;
using joblib::test::Watched;

namespace {

constexpr bool sanitized = joblib::test::thread_sanitizer || joblib::test::address_sanitizer;

// The program long_call, in a process group of its own.
ChildProcess start_long_call(const std::string& backend, const FileTree& folder) {
  const pid_t id = ::fork();
  if (id == 0) {
    ::setpgid(0, 0);
    ::execl(JOBLIB_TEST_LONG_CALL, JOBLIB_TEST_LONG_CALL, backend.c_str(), folder.root().c_str(),
            nullptr);
    ::_exit(127);
  }
  return ChildProcess(id);
}

// Its workers, as soon as their tasks run.
std::vector<Watched> workers_of(const ChildProcess& caller, const FileTree& folder) {
  const auto workers = [&] { return std::filesystem::directory_iterator(folder.root()); };
  while (std::distance(workers(), {}) < 2 && !caller.has_ended()) std::this_thread::yield();
  std::vector<Watched> watched;
  for (const auto& worker : workers()) watched.emplace_back(std::stoi(worker.path().filename()));
  return watched;
}

}  // namespace

TEMPLATE_TEST_CASE("Numbers cross as they are, few or many", "", char, bool, float, double, int,
                   std::int64_t, std::uint64_t) {
  using Limits = std::numeric_limits<TestType>;
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  const int count = GENERATE(1, 8, 9, 100);
  CAPTURE(backend, count);
  std::vector<TestType> numbers(static_cast<std::size_t>(count), TestType(1));
  numbers.front() = Limits::max();
  numbers.back() = Limits::lowest();
  if (Limits::has_infinity) numbers.back() = Limits::infinity();
  Parallel parallel({.n_jobs = 2, .backend = backend, .batch_size = count});
  CHECK(parallel.map([](TestType number) { return number; }, numbers) == numbers);
}

TEST_CASE("Outcomes keep the other results where a worker has crashed") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  CAPTURE(backend);
  const auto task = [](int i) {
    if (i == 3) std::raise(SIGKILL);
    return i;
  };
  const auto outcomes = Parallel({.n_jobs = 2, .backend = backend, .batch_size = 1})
                            .outcomes(std::views::iota(0, 6) | std::views::transform([&](int i) {
                                        return delayed(task)(i);
                                      }));
  REQUIRE(outcomes.size() == 6);
  for (int i = 0; i < 6; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    if (i == 3) {
      CHECK_THROWS_AS(outcome.value(), TerminatedWorkerError);
    } else {
      CHECK(outcome.value() == i);
    }
  }
}

TEST_CASE("Outcomes keep the other results where a worker hangs or is stopped") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  CAPTURE(backend);
  const auto task = [](int i) {
    if (i == 3) std::raise(SIGSTOP);
    while (i == 4) ::pause();
    return i;
  };
  const auto outcomes =
      Parallel({.n_jobs = 2, .backend = backend, .timeout = std::chrono::seconds(2)})
          .outcomes(std::views::iota(0, 8) |
                    std::views::transform([&](int i) { return delayed(task)(i); }));
  REQUIRE(outcomes.size() == 8);
  for (int i = 0; i < 8; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    if (i == 3 || i == 4) {
      CHECK_THROWS_AS(outcome.value(), TimeoutError);
    } else {
      CHECK(outcome.value() == i);
    }
  }
}

TEST_CASE("No worker survives its parent, whether that is killed or interrupted from a terminal") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  const bool interrupted = GENERATE(false, true);
  CAPTURE(backend, interrupted);
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  const FileTree folder;
  ChildProcess caller = start_long_call(backend, folder);
  const std::vector<Watched> workers = workers_of(caller, folder);
  REQUIRE(workers.size() == 2);
  if (interrupted) {
    ::kill(-caller.id(), SIGINT);
  } else {
    caller.kill();
  }
  for (const Watched& worker : workers) CHECK(worker.ends(std::chrono::seconds(2)));
  CHECK(caller.wait() == (interrupted ? "SIGINT(-2)" : "SIGKILL(-9)"));
}
