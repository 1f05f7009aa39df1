#include "parallel/behaviour/backends.hpp"

#include <utility>

#include "backend/fixed_pool.hpp"
#include "joblib/backend/loky.hpp"
#include "joblib/backend/multiprocessing.hpp"
#include "joblib/backend/sequential.hpp"
#include "joblib/backend/threading.hpp"
#include "joblib/parallel/exception.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/request_backend.hpp"
#include "parallel/stress/sanitizers.hpp"

namespace joblib::test {
namespace {

// Runs each Work where it is submitted, so that submit returns when nothing is left to start.
class InlineBackend : public ParallelBackend {
 public:
  std::string_view name() const override { return "InlineBackend"; }
  void submit(Work work) override { work(); }
};

// Forked children may find the first one's allocator locked, and can't start threads in the other.
constexpr bool sanitized = address_sanitizer || thread_sanitizer;

// Before main, which workers don't run.
[[maybe_unused]] const bool registered = [] {
  register_exception<TaskError>();
  register_exception<int>();
  register_exception<std::shared_ptr<int>>();
  return true;
}();

std::vector<BackendCase> all_backends() {
  const auto threading = std::make_shared<ThreadingBackend>();
  return {
      {.name = "sequential",
       .backend = std::make_shared<SequentialBackend>(),
       .n_jobs = 1,
       .at_once = 1,
       .at_once_unread = 1,
       .shares_memory = true,
       .captures = true},
      {.name = "threading, 2 jobs",
       .backend = threading,
       .n_jobs = 2,
       .at_once = 2,
       .at_once_unread = 2,
       .shares_memory = true,
       .captures = true,
       .watches_timeouts = true},
      {.name = "threading, 4 jobs",
       .backend = threading,
       .n_jobs = 4,
       .at_once = 4,
       .at_once_unread = 4,
       .shares_memory = true,
       .captures = true,
       .watches_timeouts = true},
      {.name = "pool of one thread beside the caller",
       .backend = std::make_shared<FixedPool>(1, BackendTraits{.caller_works = true}),
       .n_jobs = 2,
       .at_once = 2,
       .at_once_unread = 1,
       .shares_memory = true,
       .captures = true},
      {.name = "pool of three threads without the caller",
       .backend = std::make_shared<FixedPool>(3, BackendTraits{.supports_timeout = true}),
       .n_jobs = 3,
       .at_once = 3,
       .at_once_unread = 3,
       .shares_memory = true,
       .captures = true,
       .watches_timeouts = true},
      {.name = "inline in submit",
       .backend = std::make_shared<InlineBackend>(),
       .n_jobs = 2,
       .at_once = 1,
       .at_once_unread = 1,
       .shares_memory = true,
       .captures = true},
      {.name = "multiprocessing",
       .backend = std::make_shared<MultiprocessingBackend>(),
       .n_jobs = 2,
       .at_once = 2,
       .at_once_unread = 2,
       .captures = true,
       .watches_timeouts = true},
      {.name = "loky",
       .backend = std::make_shared<LokyBackend>(),
       .n_jobs = 2,
       .at_once = 2,
       .at_once_unread = 2,
       .watches_timeouts = true},
      {.name = "requests, run in this process",
       .backend = std::make_shared<RequestBackend>(true),
       .n_jobs = 2,
       .at_once = 2,
       .at_once_unread = 2,
       .ends_tasks = false},
  };
}

}  // namespace

ParallelOptions BackendCase::with(ParallelOptions options) const {
  options.n_jobs = n_jobs;
  options.backend = backend;
  return options;
}

std::vector<BackendCase> backends(const Needs& needs) {
  std::vector<BackendCase> found = all_backends();
  if (sanitized)
    std::erase_if(found, [](const BackendCase& each) { return each.name == "multiprocessing"; });
  std::erase_if(found, [&](const BackendCase& backend) {
    return backend.at_once < needs.at_once || backend.at_once_unread < needs.at_once_unread ||
           (needs.shares_memory && !backend.shares_memory) ||
           (needs.captures && !backend.captures) || (needs.ends_tasks && !backend.ends_tasks) ||
           (needs.timeouts && !backend.watches_timeouts) ||
           (needs.several_jobs && backend.is_sequential());
  });
  return found;
}

}  // namespace joblib::test
