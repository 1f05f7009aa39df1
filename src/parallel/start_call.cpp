#include <string>

#include "dispatcher.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"
#include "pre_dispatch.hpp"
#include "remote_job.hpp"

namespace joblib::detail {
namespace {

int resolve_n_jobs(const ParallelState& state) {
  if (state.n_jobs == 0) throw zero_jobs();
  const int n_jobs = state.backend->effective_n_jobs(state.n_jobs);
  if (n_jobs < 1) {
    throw Error(errc::no_workers, std::string(state.backend->name()) + " has no active worker.");
  }
  return n_jobs;
}

CallPlan make_plan(const ParallelState& state, Delivery delivery) {
  const ParallelOptions& options = state.options;
  const BackendTraits traits = state.backend->traits();
  CallPlan plan;
  plan.n_jobs = resolve_n_jobs(state);
  plan.pre_dispatch = evaluate_pre_dispatch(options.pre_dispatch.value_or("2*n_jobs"), plan.n_jobs);
  plan.batch_size = options.batch_size.tasks();
  const bool sequential = plan.n_jobs == 1;
  if (sequential) plan.pre_dispatch = 1;  // lazy: one batch after the other
  if (options.timeout && (sequential || !traits.supports_timeout)) {
    log(LogLevel::warning,
        "The backend class '" +
            std::string(sequential ? "SequentialBackend" : state.backend->name()) +
            "' does not support timeout. You have set a timeout in Parallel but it will not be "
            "used.");
  } else if (options.timeout) {
    plan.timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::min(*options.timeout, std::chrono::duration<double>(std::chrono::years(100))));
  }
  // Who watches the clock or reads results has something else to do; but a task that waits for
  // tasks must be able to run them where the backend has no thread left for it.
  const bool waits_only = delivery == Delivery::collect || current_context()->in_task;
  if (!sequential) plan.remote = dynamic_cast<RemoteBackend*>(state.backend.get());
  // Only the caller's process watches the clock, and it sees no more than whole batches.
  if (plan.remote != nullptr && plan.timeout.count() > 0) plan.batch_size = 1;
  plan.caller_works =
      sequential || (traits.caller_works && plan.timeout.count() == 0 && waits_only);
  return plan;
}

// Marks the Parallel as running; unmarks it if the call doesn't begin.
class RunningMark {
 public:
  explicit RunningMark(ParallelState& state) : state_(state) {
    if (state.running.exchange(true)) {
      throw Error(
          errc::already_running,
          "This Parallel instance is already running! Before submitting new tasks, you must wait "
          "for the completion of all the previous tasks, or destroy the generator that reads "
          "them.");
    }
  }
  ~RunningMark() {
    if (!kept_) state_.running = false;
  }
  RunningMark(const RunningMark&) = delete;
  RunningMark& operator=(const RunningMark&) = delete;
  void keep() { kept_ = true; }

 private:
  ParallelState& state_;
  bool kept_ = false;
};

}  // namespace

std::unique_ptr<Call> start_call(std::shared_ptr<ParallelState> state,
                                 std::unique_ptr<TaskSource> source, Delivery delivery) {
  RunningMark mark(*state);
  const CallPlan plan = make_plan(*state, delivery);
  if (plan.remote != nullptr) check_sendable(*plan.remote, *source);
  auto dispatcher =
      std::make_unique<Dispatcher>(std::move(state), std::move(source), delivery, plan);
  mark.keep();
  dispatcher->start();
  return dispatcher;
}

}  // namespace joblib::detail
