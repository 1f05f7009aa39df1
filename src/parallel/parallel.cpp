#include "joblib/parallel/parallel.hpp"

#include <string>
#include <utility>

#include "context.hpp"
#include "joblib/backend/threading.hpp"
#include "joblib/core/error.hpp"
#include "joblib/process/pool.hpp"
#include "state.hpp"

namespace joblib {

Parallel::Parallel(ParallelOptions options) : state_(std::make_shared<detail::ParallelState>()) {
  const detail::Context& context = *detail::current_context();
  detail::ParallelState& state = *state_;
  state.options = detail::merge(std::move(options), context.options);
  state.backend = detail::choose_backend(state.options, context);
  state.n_jobs = state.options.n_jobs.value_or(state.backend->default_n_jobs());
  state.prefix = "[Parallel(n_jobs=" + std::to_string(state.n_jobs) + ")]: ";
}

void shutdown() {
  if (detail::current_context()->in_task) {
    throw Error(errc::invalid_argument,
                "joblib::shutdown() waits for all tasks and can't be called inside of one");
  }
  detail::shutdown_thread_pool();
  detail::shutdown_worker_pools();
}

}  // namespace joblib
