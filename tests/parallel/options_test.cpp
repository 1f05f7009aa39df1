#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "core/environment_guard.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::BatchSize;
using joblib::effective_n_jobs;
using joblib::errc;
using joblib::MaxBytes;
using joblib::Parallel;
using joblib::ParallelOptions;
using joblib::test::error_code;

namespace {

std::vector<int> run(ParallelOptions options) {
  return Parallel(std::move(options)).map([](int i) { return i; }, std::vector{1, 2, 3});
}

}  // namespace

TEST_CASE("batch_size is auto or a positive number") {
  CHECK_FALSE(BatchSize().has_value());
  CHECK(BatchSize("auto").has_value());
  CHECK(BatchSize("auto").tasks() == 0);
  CHECK(BatchSize(7).tasks() == 7);
  CHECK(BatchSize(std::uint8_t{7}).tasks() == 7);
  CHECK(BatchSize(std::string_view("auto")).has_value());
  CHECK(error_code([] { BatchSize(0); }) == errc::invalid_argument);
  CHECK(error_code([] { BatchSize(-1); }) == errc::invalid_argument);
  CHECK(error_code([] { BatchSize("1"); }) == errc::invalid_argument);
  CHECK(error_code([] { BatchSize("Auto"); }) == errc::invalid_argument);
  CHECK(error_code([] { BatchSize(""); }) == errc::invalid_argument);
  static_assert(!std::is_constructible_v<BatchSize, bool>);
  static_assert(!std::is_constructible_v<BatchSize, double>);
  const std::size_t huge = std::numeric_limits<std::size_t>::max();
  CHECK(BatchSize(huge).tasks() == huge);
}

TEST_CASE("max_nbytes is a size or never") {
  CHECK_FALSE(MaxBytes().has_value());
  CHECK(MaxBytes("1M").limit() == joblib::ByteSize(1 << 20));
  CHECK(MaxBytes(100).limit() == joblib::ByteSize(100));
  CHECK(MaxBytes(joblib::never).has_value());
  CHECK_FALSE(MaxBytes(joblib::never).limit().has_value());
  CHECK(error_code([] { MaxBytes("1X"); }) == errc::invalid_argument);
}

TEST_CASE("Negative n_jobs count down from the number of CPUs") {
  const int cpus = joblib::cpu_count();
  CHECK(effective_n_jobs() == cpus);
  CHECK(effective_n_jobs(-1) == cpus);
  CHECK(effective_n_jobs(-2) == std::max(cpus - 1, 1));
  CHECK(effective_n_jobs(-cpus) == 1);
  CHECK(effective_n_jobs(-cpus - 5) == 1);
  CHECK(effective_n_jobs(std::numeric_limits<int>::min()) == 1);
  CHECK(effective_n_jobs(1) == 1);
  CHECK(effective_n_jobs(cpus + 7) == cpus + 7);
  CHECK(effective_n_jobs(std::nullopt) == 1);
}

TEST_CASE("n_jobs of zero is an error when a call starts") {
  CHECK(error_code([] { effective_n_jobs(0); }) == errc::invalid_argument);
  for (const char* backend : {"threading", "sequential"}) {
    Parallel parallel({.n_jobs = 0, .backend = backend});
    CHECK(error_code([&] { parallel.map([](int) {}, std::vector{1}); }) == errc::invalid_argument);
    CHECK(error_code([&] { parallel(joblib::delayed([] {})()); }) == errc::invalid_argument);
  }
  const joblib::parallel_config guard({.n_jobs = 0});
  CHECK(error_code([] { run({}); }) == errc::invalid_argument);
  CHECK(error_code([] { effective_n_jobs(std::nullopt); }) == errc::invalid_argument);
  CHECK(run({.n_jobs = 2}) == std::vector{1, 2, 3});
}

TEST_CASE("Calls give the same results for every n_jobs") {
  const int n_jobs = GENERATE(1, 2, 3, 17, -1, -2, -1000);
  CAPTURE(n_jobs);
  CHECK(run({.n_jobs = n_jobs}) == std::vector{1, 2, 3});
  CHECK(run({.n_jobs = n_jobs, .backend = "sequential"}) == std::vector{1, 2, 3});
}

TEST_CASE("The sequential backend has one job") {
  const joblib::parallel_config guard({.backend = "sequential"});
  CHECK(effective_n_jobs(-1) == 1);
  CHECK(effective_n_jobs(7) == 1);
}

TEST_CASE("JOBLIB_MULTIPROCESSING of zero makes every call sequential") {
  const joblib::test::EnvironmentGuard guard("JOBLIB_MULTIPROCESSING", "0");
  CHECK(effective_n_jobs(4) == 1);
  CHECK(effective_n_jobs(-1) == 1);
  const auto caller = std::this_thread::get_id();
  const auto threads =
      Parallel({.n_jobs = 4})
          .map([](int) { return std::this_thread::get_id(); }, std::vector(100, 0));
  CHECK(std::ranges::count(threads, caller) == 100);
}

TEST_CASE("LOKY_MAX_CPU_COUNT lowers what negative n_jobs count from") {
  const joblib::test::EnvironmentGuard guard("LOKY_MAX_CPU_COUNT", "1");
  CHECK(effective_n_jobs(-1) == 1);
  CHECK(effective_n_jobs(3) == 3);
}

TEST_CASE("Hints that contradict each other are an error") {
  using joblib::Prefer;
  using joblib::Require;
  CHECK(error_code([] {
          Parallel({.prefer = Prefer::processes, .require = Require::sharedmem});
        }) == errc::invalid_argument);
  CHECK(error_code([] {
          const joblib::parallel_config guard(
              {.prefer = Prefer::processes, .require = Require::sharedmem});
        }) == errc::invalid_argument);
  const joblib::parallel_config guard({.require = Require::sharedmem});
  CHECK(error_code([] { Parallel({.prefer = Prefer::processes}); }) == errc::invalid_argument);
  CHECK(error_code([] { const joblib::parallel_config inner({.prefer = Prefer::processes}); }) ==
        errc::invalid_argument);
}

TEST_CASE("inner_max_num_threads must be positive") {
  CHECK(error_code([] { Parallel({.inner_max_num_threads = 0}); }) == errc::invalid_argument);
  CHECK(error_code([] { Parallel({.inner_max_num_threads = -1}); }) == errc::invalid_argument);
  CHECK(error_code([] { const joblib::parallel_config guard({.inner_max_num_threads = 0}); }) ==
        errc::invalid_argument);
}

TEST_CASE("A timeout must be positive") {
  using Seconds = std::chrono::duration<double>;
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(error_code([&] { Parallel({.timeout = Seconds(bad)}); }) == errc::invalid_argument);
    CHECK(error_code([&] { const joblib::parallel_config guard({.timeout = Seconds(bad)}); }) ==
          errc::invalid_argument);
  }
}

TEST_CASE("n_jobs is a whole number") {
  const ParallelOptions cut{.n_jobs = 2.9};
  CHECK(cut.n_jobs == 2);
  static_assert(!std::is_assignable_v<decltype(ParallelOptions::n_jobs)&, const char*>);
}

TEST_CASE("task_seed depends on the seed and the task alone") {
  using joblib::task_seed;
  static_assert(task_seed(0, 0) == 12035550249420947055U);
  static_assert(task_seed(0, 1) == 12935080325729570654U);
  static_assert(task_seed(1, 0) == 6791897765849424158U);
  static_assert(task_seed(1234567, 2) == 18400152718586555324U);
  static_assert(task_seed(~std::uint64_t{0}, ~std::uint64_t{0}) == 4922461756044938104U);
  const auto draw = [](std::uint64_t i) { return task_seed(42, i); };
  const std::vector<std::uint64_t> tasks{0, 1, 2, 3, 4, 5, 6, 7};
  CHECK(Parallel({.n_jobs = 1}).map(draw, tasks) == Parallel({.n_jobs = 3}).map(draw, tasks));
}
