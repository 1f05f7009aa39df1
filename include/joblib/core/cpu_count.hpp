#pragma once

namespace joblib {

/// The number of CPUs that this process may use, at least 1: the smallest of the machine's online
/// logical CPUs, the affinity mask of the calling thread, the CPU quotas of the process's cgroups
/// (v1 and v2, with all visible ancestors, rounded up), and the environment variable
/// LOKY_MAX_CPU_COUNT. With `only_physical_cores`, the number of physical cores instead, unless one
/// of the last three limits is below the machine's count: then that limit. If the cores can't be
/// counted, a warning is logged once and the logical count returned. JOBLIB_MULTIPROCESSING=0 makes
/// it 1. Throws Error if one of the variables is not an integer.
int cpu_count(bool only_physical_cores = false);

namespace detail {

/// Whether the environment variable JOBLIB_MULTIPROCESSING is 0: everything then runs in the
/// calling thread. Throws Error if it is not an integer.
bool parallelism_disabled();

}  // namespace detail

}  // namespace joblib
