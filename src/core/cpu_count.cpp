#include "joblib/core/cpu_count.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include <unistd.h>

#ifdef __linux__
#include <sched.h>

#include <cerrno>
#include <memory>
#endif

#include "joblib/core/detail/cpu_limits.hpp"
#include "joblib/core/detail/parse_number.hpp"
#include "joblib/core/error.hpp"

namespace joblib {

namespace {

// The value of an environment variable, clamped to the range of int; empty if it is not set.
std::optional<int> environment_int(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return {};
  const auto number = detail::parse_number<long long>(text);
  if (!number) {
    throw Error(errc::invalid_argument, "The environment variable " + std::string(name) +
                                            " must be an integer, but is '" + text + "'.");
  }
  using limits = std::numeric_limits<int>;
  return static_cast<int>(std::clamp<long long>(*number, limits::min(), limits::max()));
}

// Unlike std::thread::hardware_concurrency, never reduced by the affinity mask.
int machine_cpu_count() {
  return static_cast<int>(std::clamp(sysconf(_SC_NPROCESSORS_ONLN), 1L, 1L << 20));
}

std::optional<int> affinity_cpu_count() {
#ifdef __linux__
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(
        CPU_ALLOC(static_cast<std::size_t>(cpus)), [](cpu_set_t* set) { CPU_FREE(set); });
    const auto size = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
    if (sched_getaffinity(0, size, mask.get()) == 0) return CPU_COUNT_S(size, mask.get());
    if (errno != EINVAL) break;  // EINVAL: the machine has more CPUs than the mask
  }
#endif
  return {};
}

// This machine's limits, looked up when first asked for. Never destroyed: calls may be made until
// the process ends.
struct Limits {
  detail::CgroupQuotas quotas{"/"};
  detail::PhysicalCores physical_cores{"/"};

  static Limits& instance() {
    static auto& limits = *new Limits;
    return limits;
  }
};

[[maybe_unused]] const auto& made_at_load = Limits::instance();

}  // namespace

bool detail::parallelism_disabled() { return environment_int("JOBLIB_MULTIPROCESSING") == 0; }

int cpu_count(bool only_physical_cores) {
  if (detail::parallelism_disabled()) return 1;
  const int machine = machine_cpu_count();
  const int usable = std::max(std::min({machine, affinity_cpu_count().value_or(machine),
                                        Limits::instance().quotas.limit().value_or(machine),
                                        environment_int("LOKY_MAX_CPU_COUNT").value_or(machine)}),
                              1);
  if (!only_physical_cores || usable < machine) return usable;
  return Limits::instance().physical_cores.get_or(machine);
}

}  // namespace joblib
