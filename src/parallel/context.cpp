#include "context.hpp"

#include <iostream>
#include <string>
#include <utility>

#include "joblib/backend/loky.hpp"
#include "joblib/backend/threading.hpp"
#include "joblib/core/detail/cached_call.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"

namespace joblib {
namespace detail {
namespace {

// Not an object with a destructor: destructors of static and thread-local objects may make calls.
// Null stands for the defaults.
thread_local ContextPtr* active_context = nullptr;

// Makes `context`, which may be null, this thread's own. Returns the one before.
ContextPtr exchange_context(ContextPtr context) {
  ContextPtr previous;
  if (active_context != nullptr) previous = std::move(*active_context);
  if (context == nullptr) {
    delete std::exchange(active_context, nullptr);
  } else if (active_context == nullptr) {
    active_context = new ContextPtr(std::move(context));
  } else {
    *active_context = std::move(context);
  }
  core_share() = active_context == nullptr ? 1 : (*active_context)->core_share;
  return previous;
}

const ContextPtr& defaults() {
  static const auto& context = *new ContextPtr(std::make_shared<const Context>());
  return context;
}

// A child forked while another thread made them would wait for them for ever.
[[maybe_unused]] const auto& defaults_made_at_load = defaults();

}  // namespace

const ContextPtr& current_context() {
  return active_context == nullptr ? defaults() : *active_context;
}

ContextScope::ContextScope(ContextPtr context) : was_in_cached_call_(in_cached_call()) {
  in_cached_call() = was_in_cached_call_ || context->in_cached_call;
  previous_ = exchange_context(std::move(context));
}

ContextScope::~ContextScope() {
  in_cached_call() = was_in_cached_call_;
  exchange_context(std::move(previous_));
}

void check_options(const ParallelOptions& options) {
  if (options.prefer == Prefer::processes && options.require == Require::sharedmem) {
    throw Error(
        errc::invalid_argument,
        "prefer == processes and require == sharedmem are inconsistent settings: drop one of them");
  }
  if (const auto& timeout = options.timeout; timeout && !(timeout->count() > 0)) {
    throw Error(errc::invalid_argument,
                "timeout must be above 0 seconds, got: " + std::to_string(timeout->count()));
  }
  if (const auto& threads = options.inner_max_num_threads; threads && *threads < 1) {
    throw Error(errc::invalid_argument,
                "inner_max_num_threads must be at least 1, got: " + std::to_string(*threads));
  }
}

ParallelOptions merge(ParallelOptions inner, const ParallelOptions& outer) {
  if (!inner.n_jobs) inner.n_jobs = outer.n_jobs;
  if (!inner.verbose) inner.verbose = outer.verbose;
  if (!inner.timeout) inner.timeout = outer.timeout;
  if (!inner.pre_dispatch) inner.pre_dispatch = outer.pre_dispatch;
  if (!inner.batch_size.has_value()) inner.batch_size = outer.batch_size;
  if (inner.temp_folder.empty()) inner.temp_folder = outer.temp_folder;
  if (!inner.max_nbytes.has_value()) inner.max_nbytes = outer.max_nbytes;
  if (!inner.mmap_mode) inner.mmap_mode = outer.mmap_mode;
  if (inner.prefer == Prefer::unset) inner.prefer = outer.prefer;
  if (inner.require == Require::unset) inner.require = outer.require;
  if (!inner.stop.stop_possible()) inner.stop = outer.stop;
  if (!inner.on_progress) inner.on_progress = outer.on_progress;
  if (!inner.inner_max_num_threads) inner.inner_max_num_threads = outer.inner_max_num_threads;
  return inner;
}

Error zero_jobs() {
  return {errc::invalid_argument,
          "n_jobs == 0 in Parallel has no meaning: give 1 or more, or -1 for all cores"};
}

std::shared_ptr<ParallelBackend> choose_backend(const ParallelOptions& options,
                                                const Context& context) {
  check_options(options);
  const bool sharedmem = options.require == Require::sharedmem;
  if (options.backend.has_value()) {
    std::shared_ptr<ParallelBackend> backend = options.backend.resolve(options.backend_options);
    if (sharedmem && !backend->traits().supports_sharedmem) {
      throw Error(errc::invalid_argument,
                  "backend " + std::string(backend->name()) +
                      " does not support shared memory: choose \"threading\" or "
                      "drop require");
    }
    return backend;
  }
  const bool by_default = context.backend == nullptr;
  if (!by_default && !options.backend_options.empty()) {
    throw Error(
        errc::invalid_argument,
        "backend_options go to the factory of a backend chosen by name: name one beside them");
  }
  std::shared_ptr<ParallelBackend> backend =
      by_default ? BackendRef(default_parallel_backend()).resolve(options.backend_options)
                 : context.backend;
  const BackendTraits traits = backend->traits();
  if (sharedmem && !traits.supports_sharedmem) {
    if (options.verbose.value_or(0) >= 10) {
      log(LogLevel::info,
          "Using ThreadingBackend as joblib backend instead of " + std::string(backend->name()) +
              " as the latter does not provide shared memory semantics.",
          std::cout);
    }
    return std::make_shared<ThreadingBackend>();
  }
  if (by_default && options.prefer == Prefer::threads && !traits.uses_threads) {
    return std::make_shared<ThreadingBackend>();
  }
  if (by_default && options.prefer == Prefer::processes && traits.uses_threads) {
    return std::make_shared<LokyBackend>();
  }
  return backend;
}

}  // namespace detail

parallel_config::parallel_config(ParallelOptions options) {
  const detail::Context& outer = *detail::current_context();
  auto context = std::make_shared<detail::Context>(outer);
  if (options.backend.has_value()) {
    context->backend = detail::choose_backend(options, outer);
  } else if (!options.backend_options.empty()) {
    throw Error(
        errc::invalid_argument,
        "backend_options are only used together with a backend: name one in the same options");
  }
  options.backend = {};
  options.backend_options = {};
  context->options = detail::merge(std::move(options), outer.options);
  detail::check_options(context->options);
  previous_ = detail::exchange_context(std::move(context));
}

parallel_config::~parallel_config() { detail::exchange_context(std::move(previous_)); }

int effective_n_jobs(std::optional<int> n_jobs) {
  const detail::Context& context = *detail::current_context();
  if (!n_jobs) n_jobs = context.options.n_jobs;
  if (n_jobs == 0) throw detail::zero_jobs();
  const std::shared_ptr<ParallelBackend> backend = detail::choose_backend(context.options, context);
  return backend->effective_n_jobs(n_jobs.value_or(backend->default_n_jobs()));
}

}  // namespace joblib
