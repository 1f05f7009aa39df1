#include "joblib/process/environment.hpp"

#include <algorithm>
#include <cstdlib>

#include "joblib/core/cpu_count.hpp"

namespace joblib::detail {

Environment thread_limits(std::optional<int> inner_max_num_threads, int n_workers) {
  const int threads = inner_max_num_threads.value_or(std::max(cpu_count() / n_workers, 1));
  Environment limits;
  for (const char* const name :
       {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS"}) {
    if (inner_max_num_threads || std::getenv(name) == nullptr)
      limits[name] = std::to_string(threads);
  }
  if (std::getenv("ENABLE_IPC") == nullptr) limits["ENABLE_IPC"] = "1";  // TBB's
  return limits;
}

}  // namespace joblib::detail
