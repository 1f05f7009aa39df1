#include "joblib/core/cpu_count.hpp"

#include <unistd.h>

#include <cstddef>
#include <string>

#ifdef __linux__
#include <sched.h>
#endif

#include "catch.hpp"
#include "core/environment_guard.hpp"
#include "joblib/core/detail/cpu_limits.hpp"
#include "joblib/core/error.hpp"

using Catch::Matchers::Message;
using joblib::cpu_count;
using joblib::Error;
using joblib::detail::parallelism_disabled;
using joblib::test::EnvironmentGuard;

namespace {

const std::string max_count = "LOKY_MAX_CPU_COUNT";
const std::string multiprocessing = "JOBLIB_MULTIPROCESSING";

// Both variables unset.
struct CleanEnvironment {
  EnvironmentGuard max_count_guard{max_count, nullptr};
  EnvironmentGuard multiprocessing_guard{multiprocessing, nullptr};
};

}  // namespace

TEST_CASE("The CPU count is within the limits of machine and cgroup") {
  const CleanEnvironment clean;
  const auto machine = sysconf(_SC_NPROCESSORS_ONLN);
  CHECK(cpu_count() >= 1);
  CHECK(cpu_count() <= machine);
  if (const auto limit = joblib::detail::CgroupQuotas("/").limit()) CHECK(cpu_count() <= *limit);
}

TEST_CASE("The count of physical cores gives way to a lower limit") {
  const CleanEnvironment clean;
  const auto machine = sysconf(_SC_NPROCESSORS_ONLN);
  const int logical = cpu_count();
  const int expected =
      logical < machine ? logical : joblib::detail::physical_core_count("/").value_or(logical);
  CHECK(cpu_count(true) == expected);
  CHECK(cpu_count(true) == expected);

  const EnvironmentGuard one(max_count, "1");
  CHECK(cpu_count(true) == 1);
}

TEST_CASE("LOKY_MAX_CPU_COUNT lowers the CPU count and never raises it") {
  const CleanEnvironment clean;
  const int all = cpu_count();
  const auto count_with = [](const char* value) {
    const EnvironmentGuard guard(max_count, value);
    return cpu_count();
  };
  CHECK(count_with("1") == 1);
  CHECK(count_with(" +1\n") == 1);
  CHECK(count_with("0") == 1);
  CHECK(count_with("-3") == 1);
  CHECK(count_with("100000") == all);
  CHECK(count_with("9000000000") == all);
  CHECK(count_with("-9000000000") == 1);
}

TEST_CASE("LOKY_MAX_CPU_COUNT must be an integer") {
  const CleanEnvironment clean;
  const std::string value = GENERATE(as<std::string>(), "", " ", "two", "2.0", "2 3", "0x2", "- 2",
                                     "+-2", "1e1", "99999999999999999999");
  const EnvironmentGuard guard(max_count, value.c_str());
  const auto message = Message(
      "The environment variable LOKY_MAX_CPU_COUNT must be an integer, but is '" + value + "'.");
  CHECK_THROWS_MATCHES(cpu_count(), Error, message);
  CHECK_THROWS_MATCHES(cpu_count(true), Error, message);
}

TEST_CASE("JOBLIB_MULTIPROCESSING 0 makes the CPU count 1") {
  const CleanEnvironment clean;
  const int all = cpu_count();
  CHECK_FALSE(parallelism_disabled());
  {
    const EnvironmentGuard off(multiprocessing, " 0 ");
    CHECK(parallelism_disabled());
    CHECK(cpu_count() == 1);
    CHECK(cpu_count(true) == 1);
  }
  for (const char* value : {"1", "2", "-1"}) {
    CAPTURE(value);
    const EnvironmentGuard on(multiprocessing, value);
    CHECK_FALSE(parallelism_disabled());
    CHECK(cpu_count() == all);
  }
}

TEST_CASE("JOBLIB_MULTIPROCESSING must be an integer") {
  const CleanEnvironment clean;
  const EnvironmentGuard guard(multiprocessing, "off");
  const auto message =
      Message("The environment variable JOBLIB_MULTIPROCESSING must be an integer, but is 'off'.");
  CHECK_THROWS_MATCHES(parallelism_disabled(), Error, message);
  CHECK_THROWS_MATCHES(cpu_count(), Error, message);
}

#ifdef __linux__
TEST_CASE("The affinity mask limits the CPU count") {
  const CleanEnvironment clean;
  cpu_set_t all;
  if (sched_getaffinity(0, sizeof(all), &all) != 0) return;  // more CPUs than this mask has
  std::size_t first = 0;
  while (!CPU_ISSET(first, &all)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  REQUIRE(sched_setaffinity(0, sizeof(one), &one) == 0);
  const int count = cpu_count();
  const int cores = cpu_count(true);
  REQUIRE(sched_setaffinity(0, sizeof(all), &all) == 0);
  CHECK(count == 1);
  CHECK(cores == 1);
}
#endif
