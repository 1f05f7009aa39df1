#include "joblib/backend/remote_backend.hpp"

#include <utility>

#include "joblib/backend/threading.hpp"

namespace joblib {

BackendTraits RemoteBackend::traits() const {
  return {.supports_sharedmem = false,
          .uses_threads = false,
          .supports_timeout = true,
          .caller_works = true};
}

void RemoteBackend::submit(Work work) { ThreadingBackend().submit(std::move(work)); }

}  // namespace joblib
