#include "joblib/backend/parallel_backend.hpp"

#include <algorithm>
#include <mutex>

#include "joblib/backend/loky.hpp"
#include "joblib/backend/multiprocessing.hpp"
#include "joblib/backend/sequential.hpp"
#include "joblib/backend/threading.hpp"
#include "joblib/core/cpu_count.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/registry.hpp"

namespace joblib {
namespace {

template <class Backend>
BackendFactory built_in(std::string_view name) {
  return [name](const BackendOptions& options) {
    if (!options.empty()) {
      throw Error(errc::invalid_argument, "the " + std::string(name) + " backend has no option '" +
                                              options.begin()->first +
                                              "': remove it from backend_options");
    }
    return std::make_shared<Backend>();
  };
}

struct Backends {
  detail::Registry<BackendFactory> factories{
      "backend",
      {{"loky", detail::make_loky_backend},
       {"multiprocessing", built_in<MultiprocessingBackend>("multiprocessing")},
       {"sequential", built_in<SequentialBackend>("sequential")},
       {"threading", built_in<ThreadingBackend>("threading")}}};
  detail::ForkSafeMutex mutex;
  std::string default_name = "threading";  // guarded by mutex
};

// Never destroyed: calls may be made until the process ends.
Backends& backends() {
  static auto& instance = *new Backends;
  return instance;
}

[[maybe_unused]] const auto& backends_made_at_load = backends();

}  // namespace

int& detail::core_share() noexcept {
  thread_local int share = 1;
  return share;
}

int detail::available_cores() { return std::max(cpu_count() / core_share(), 1); }

int ParallelBackend::effective_n_jobs(int n_jobs) const {
  return n_jobs > 0 ? n_jobs : std::max(detail::available_cores() + 1 + n_jobs, 1);
}

std::shared_ptr<ParallelBackend> ParallelBackend::nested_backend(int level) const {
  if (level > 1) return std::make_shared<SequentialBackend>();
  return std::make_shared<ThreadingBackend>();
}

void register_parallel_backend(std::string name, BackendFactory factory,
                               BackendRegistration registration) {
  if (!factory) {
    throw Error(errc::invalid_argument,
                "register_parallel_backend: the factory of '" + name + "' is empty");
  }
  backends().factories.add(name, std::move(factory), registration.force);
  if (registration.make_default) {
    const std::lock_guard lock(backends().mutex);
    backends().default_name = std::move(name);
  }
}

std::string default_parallel_backend() {
  const std::lock_guard lock(backends().mutex);
  return backends().default_name;
}

std::shared_ptr<ParallelBackend> BackendRef::resolve(const BackendOptions& options) const {
  if (const std::string* name = std::get_if<std::string>(&value_)) {
    std::shared_ptr<ParallelBackend> backend = backends().factories.get(*name)(options);
    if (backend == nullptr) {
      throw Error(errc::invalid_argument,
                  "the factory of backend '" + *name + "' returned a null pointer");
    }
    return backend;
  }
  const auto* backend = std::get_if<std::shared_ptr<ParallelBackend>>(&value_);
  if (backend == nullptr || *backend == nullptr) {
    throw Error(errc::invalid_argument, "backend: a null pointer; give a name or an object");
  }
  if (!options.empty()) {
    throw Error(
        errc::invalid_argument,
        "backend_options go to the factory of a backend chosen by name: they can't change an "
        "object that exists already");
  }
  return *backend;
}

}  // namespace joblib
