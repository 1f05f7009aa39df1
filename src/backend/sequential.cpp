#include "joblib/backend/sequential.hpp"

namespace joblib {

BackendTraits SequentialBackend::traits() const {
  return {.supports_sharedmem = true,
          .uses_threads = true,
          .supports_timeout = false,
          .caller_works = true};
}

int SequentialBackend::effective_n_jobs(int /*n_jobs*/) const { return 1; }

}  // namespace joblib
