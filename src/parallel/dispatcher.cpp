#include "dispatcher.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "joblib/core/detail/cached_call.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"
#include "joblib/process/worker.hpp"
#include "pre_dispatch.hpp"
#include "thread_limit.hpp"

namespace joblib::detail {
namespace {

// How often a long automatic batch looks whether it is abandoned.
constexpr std::size_t checks_per_batch = 16;

// joblib's warning where a generator is left early.
void warn_of_unused(std::size_t unused, std::size_t cancelled) noexcept try {
  std::string text;
  if (unused > 0)
    text += std::to_string(unused) + " tasks have been successfully executed but not used. ";
  if (unused > 0 && cancelled > 0) text += "Additionally, ";
  if (cancelled > 0) {
    text += std::to_string(cancelled) +
            " tasks which were still being processed by the workers have been cancelled. ";
  }
  if (text.empty()) return;
  log(LogLevel::warning, text +
                             "You could benefit from adjusting the input task iterator to limit "
                             "unnecessary computation time.");
} catch (...) {  // NOLINT(bugprone-empty-catch): no memory for a warning
}

}  // namespace

Dispatcher::Dispatcher(std::shared_ptr<ParallelState> state, std::unique_ptr<TaskSource> source,
                       Delivery delivery, const CallPlan& plan)
    : state_(std::move(state)),
      source_(std::move(source)),
      delivery_(delivery),
      plan_(plan),
      remote_call_(plan.remote == nullptr
                       ? nullptr
                       : std::make_unique<RemoteCall>(state_->options, plan.n_jobs)),
      gate_(std::make_shared<Gate>(*this)),
      reporter_({.prefix = state_->prefix,
                 .verbose = state_->options.verbose.value_or(0),
                 .on_progress = state_->options.on_progress,
                 .total = source_->size(),
                 .pre_dispatch =
                     plan.n_jobs == 1 || plan.pre_dispatch == unlimited ? 0 : plan.pre_dispatch}),
      task_context_(make_task_context()),
      batching_({.n_jobs = plan.n_jobs,
                 .pre_dispatch = plan.pre_dispatch,
                 .batch_size = fixed_batch_size(),
                 .stream = delivery != Delivery::collect,
                 .total = source_->size()}) {
  if (plan.timeout.count() > 0) flags_ = TaskMonitor::timed;
}

std::size_t Dispatcher::fixed_batch_size() const {
  if (plan_.batch_size > 0) return plan_.batch_size;
  // Who watches each task, or calls for one after the other, gets what joblib gives: single tasks.
  const bool one_by_one = plan_.n_jobs == 1 && (source_->lazy() || delivery_ != Delivery::collect);
  // There, single tasks cost too much.
  const bool watched = reporter_.active() && plan_.remote == nullptr;
  return watched || one_by_one ? 1 : 0;
}

ContextPtr Dispatcher::make_task_context() const {
  const Context& outer = *current_context();
  auto inner = std::make_shared<Context>();
  if (plan_.n_jobs == 1) {
    *inner = outer;  // in joblib one job is no level of its own
  } else {
    const auto jobs = static_cast<std::size_t>(plan_.n_jobs);
    const std::size_t at_once = std::clamp<std::size_t>(source_->size().value_or(jobs), 1, jobs);
    inner->level = outer.level + 1;
    inner->backend = state_->backend->nested_backend(inner->level);
    inner->core_share = static_cast<int>(
        std::min<long long>(static_cast<long long>(outer.core_share) * static_cast<int>(at_once),
                            std::numeric_limits<int>::max()));
  }
  inner->options.inner_max_num_threads = state_->options.inner_max_num_threads;
  inner->options.stop = stop_.get_token();
  inner->in_task = true;
  inner->in_cached_call = in_cached_call();
  return inner;
}

void Dispatcher::start() {
  const ContextScope scope(task_context_);
  if (plan_.n_jobs > 1) {
    reporter_.using_backend(state_->backend->name(), plan_.n_jobs);
    state_->backend->start_call(plan_.n_jobs);
    started_ = true;
  }
  if (const std::stop_token& stop = state_->options.stop; stop.stop_possible()) {
    on_stop_.emplace(stop, [this] {
      Lock lock(mutex_);
      fail(std::make_exception_ptr(Cancelled(
               state_->prefix +
               "cancelled through its stop_token: there is no result, not even a partial one")),
           lock);
    });
  }
  Lock lock(mutex_);
  if (plan_.n_jobs == 1) {  // everything happens when the consumer asks for it
    starting_ = false;
    return;
  }
  // The first tasks are drawn in this thread; workers that run out of them meanwhile leave.
  for (std::size_t drawn = 0; drawn < plan_.pre_dispatch && failure_ == nullptr && !exhausted_;
       ++drawn) {
    draw(lock);
    invite_workers(lock);
  }
  starting_ = false;
  invite_workers(lock);
  tell_end_of_range(lock);
}

void Dispatcher::draw(Lock& lock) {
  const std::size_t size = batching_.next_size();
  drawing_ = true;
  // Where nobody listens and the range runs no code of the user, it is not worth letting go.
  if (source_->lazy() || reporter_.active()) lock.unlock();
  std::unique_ptr<Batch> batch;
  std::exception_ptr error;
  try {
    batch = source_->draw(size);
  } catch (...) {
    error = std::current_exception();
  }
  const std::size_t drawn = batch == nullptr ? 0 : batch->size();
  if (drawn > 0 && reporter_.active()) reporter_.dispatched(drawn);
  if (!lock.owns_lock()) lock.lock();
  drawing_ = false;
  exhausted_ = error != nullptr || drawn < size;
  if (error) fail(error, lock);
  if (batch != nullptr) {
    batching_.drawn(drawn);
    tasks_drawn_ += drawn;
    if (failure_ == nullptr) queue_.push_back(std::move(batch));
  }
  batch_or_end_.notify_all();
  if (plan_.caller_works) wake_consumer();
  if (batch != nullptr) {  // left over by a failure
    lock.unlock();
    batch.reset();
    lock.lock();
  }
  if (!starting_) tell_end_of_range(lock);
}

void Dispatcher::tell_end_of_range(Lock& lock) {
  if (!exhausted_ || failure_ != nullptr || !reporter_.active()) return;
  lock.unlock();
  reporter_.range_ended();
  lock.lock();
}

// The next batch to run, none where nothing is left to do. Draws one in its place, so that the
// range stays ahead of the workers; waits while another thread draws and nothing else is to be had.
Dispatcher::Claimed Dispatcher::claim(Lock& lock) {
  if (can_draw()) draw(lock);
  while (queue_.empty()) {
    if (can_draw()) {
      draw(lock);
    } else if (drawing_ && failure_ == nullptr) {
      batch_or_end_.wait(lock);
    } else {
      return {};
    }
  }
  Claimed claimed{std::move(queue_.front()), next_sequence_++};
  queue_.pop_front();
  ++running_;
  return claimed;
}

void Dispatcher::run(Claimed claimed, TaskMonitor& monitor, Lock& lock) {
  lock.unlock();
  const std::size_t tasks = claimed.batch->size();
  const Clock::time_point begin = Clock::now();
  Clock::duration overhead{0};
  std::exception_ptr error;
  try {
    overhead = run_tasks(*claimed.batch, monitor);
  } catch (...) {
    error = std::current_exception();
  }
  const Clock::duration duration = Clock::now() - begin;
  if (error == nullptr && reporter_.active() && (flags_ & TaskMonitor::abandoned) == 0) {
    try {
      reporter_.completed(tasks);
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (!source_->brings_results()) claimed.batch.reset();
  lock.lock();
  --running_;
  if (error != nullptr) fail(error, lock);
  if (failure_ == nullptr) {
    tasks_done_ += tasks;
    batching_.done(tasks, duration, overhead);
    if (claimed.batch != nullptr) keep(std::move(claimed));
  } else {
    lock.unlock();
    claimed.batch.reset();
    error = nullptr;
    lock.lock();
  }
  if (has_result() || all_done() || failure_ != nullptr) wake_consumer();
}

Dispatcher::Clock::duration Dispatcher::run_tasks(Batch& batch, TaskMonitor& monitor) {
  if (plan_.remote != nullptr) return run_remotely(batch, monitor);
  const bool checks_each = plan_.batch_size > 0 || plan_.timeout.count() > 0;
  monitor.begin_batch(batch.first(),
                      checks_each ? 1 : std::max<std::size_t>(batch.size() / checks_per_batch, 1));
  batch.run(monitor);
  monitor.end_batch();
  return {};
}

// Where tasks are timed, each is a batch.
Dispatcher::Clock::duration Dispatcher::run_remotely(Batch& batch, TaskMonitor& monitor) {
  monitor.begin_batch(batch.first(), 1);
  if (!monitor.begin_task()) return {};
  const Clock::time_point begin = Clock::now();
  BatchJob job(batch, monitor, *task_context_, *remote_call_);
  bytes reply;
  try {
    reply = reply_to(job, monitor);
  } catch (const InitializerError&) {
    throw;
  } catch (const TerminatedWorkerError& error) {
    const auto named = std::make_exception_ptr(TerminatedWorkerError(
        error.what() + (" while it ran " + name_of_tasks(batch) + " (counted from 0)")));
    if (!batch.keep_error(named)) std::rethrow_exception(named);
    return Clock::now() - begin;
  } catch (const TimeoutError&) {
    if (!batch.keep_error(std::current_exception())) throw;
    return Clock::now() - begin;
  } catch (...) {
    if (job.can_be_sent() || !batch.keep_error(std::current_exception())) throw;
    return Clock::now() - begin;
  }
  const Clock::duration round_trip = Clock::now() - begin;
  try {
    const auto tasks_took = std::chrono::duration_cast<Clock::duration>(job.read(reply));
    return std::max(round_trip - tasks_took, Clock::duration::zero());
  } catch (...) {
    if (!batch.keep_error(std::current_exception())) throw;
    return round_trip;
  }
}

bytes Dispatcher::reply_to(RemoteJob& job, TaskMonitor& monitor) {
  if (plan_.timeout.count() == 0) return plan_.remote->run(job, monitor.stop_token());
  std::stop_source end;
  const std::stop_callback with_call(monitor.stop_token(), [&] { end.request_stop(); });
  Lock lock(mutex_);
  watched_.add(monitor, end);
  lock.unlock();
  bytes reply;
  std::exception_ptr error;
  try {
    reply = plan_.remote->run(job, end.get_token());
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  const bool ended_as_overdue = !watched_.remove(monitor);
  lock.unlock();
  monitor.end_batch(ended_as_overdue);
  if (error != nullptr) std::rethrow_exception(error);
  return reply;
}

void Dispatcher::keep(Claimed claimed) {
  if (delivery_ == Delivery::stream_unordered) {
    results_.push_back(std::move(claimed.batch));
    return;
  }
  const std::size_t place = claimed.sequence - delivered_;
  if (results_.size() <= place) results_.resize(place + 1);
  results_[place] = std::move(claimed.batch);
}

std::unique_ptr<Batch> Dispatcher::take_result() {
  std::unique_ptr<Batch> batch = std::move(results_.front());
  results_.pop_front();
  ++delivered_;
  tasks_delivered_ += batch->size();
  batching_.read(batch->size());
  return batch;
}

std::unique_ptr<Batch> Dispatcher::next() {
  if (closed_) return nullptr;
  const ContextScope scope(task_context_);
  Lock lock(mutex_);
  for (;;) {
    if (failure_ != nullptr) {
      lock.unlock();
      close();
      std::rethrow_exception(failure_);
    }
    if (has_result()) {
      std::unique_ptr<Batch> batch = take_result();
      if (delivery_ != Delivery::collect && plan_.n_jobs > 1) invite_workers(lock);
      return batch;
    }
    if (caller_may_run() && (!queue_.empty() || can_draw())) {
      if (Claimed claimed = claim(lock); claimed.batch != nullptr)
        run_by_caller(std::move(claimed), lock);
      continue;
    }
    if (all_done()) {
      lock.unlock();
      close();
      // The call may have been cancelled just before on_stop_ was taken away.
      if (failure_ != nullptr) std::rethrow_exception(failure_);
      return nullptr;
    }
    wait_for_result(lock);
  }
}

void Dispatcher::run_by_caller(Claimed claimed, Lock& lock) {
  const ThreadLimit limit(state_->options.inner_max_num_threads);
  TaskMonitor monitor(flags_, stop_.get_token(), plan_.timeout);
  run(std::move(claimed), monitor, lock);
}

void Dispatcher::work() {
  TaskMonitor monitor(flags_, stop_.get_token(), plan_.timeout);
  Lock lock(mutex_);
  --arriving_;
  try {
    const ContextScope scope(task_context_);
    const ThreadLimit limit(state_->options.inner_max_num_threads);
    if (plan_.timeout.count() > 0 && plan_.remote == nullptr) watched_.add(monitor);
    for (;;) {
      Claimed claimed = claim(lock);
      if (claimed.batch == nullptr) break;
      run(std::move(claimed), monitor, lock);
    }
  } catch (...) {  // out of memory
    if (!lock.owns_lock()) lock.lock();
    fail(std::current_exception(), lock);
  }
  if (plan_.timeout.count() > 0) watched_.remove(monitor);
  --workers_;
  wake_consumer();
}

void Dispatcher::lose_worker() {
  Lock lock(mutex_);
  --arriving_;
  --workers_;
  if (plan_.caller_works || all_done()) return;
  fail(
      std::make_exception_ptr(Error(
          errc::no_workers, state_->prefix + "the backend " + std::string(state_->backend->name()) +
                                " gave up work that it had accepted: was it shut down?")),
      lock);
}

// Submits workers until there is one for each batch that can be claimed, or n_jobs are reached.
void Dispatcher::invite_workers(Lock& lock) {
  const std::size_t callers = plan_.caller_works && delivery_ == Delivery::collect ? 1 : 0;
  const std::size_t limit = static_cast<std::size_t>(plan_.n_jobs) - callers;
  // What one worker draws at this moment doesn't take the room of the others.
  const auto claimable = [this] {
    return queue_.size() + (starting_ || exhausted_ ? 0 : batching_.room());
  };
  while (failure_ == nullptr && workers_ < limit && arriving_ + callers < claimable()) {
    ++workers_;
    ++arriving_;
    lock.unlock();
    std::exception_ptr error;
    {
      const auto ticket = std::make_shared<WorkerTicket>(gate_);
      try {
        state_->backend->submit(Work(ticket));
      } catch (...) {
        ticket->withdraw();
        error = std::current_exception();
      }
    }
    lock.lock();
    if (error == nullptr) continue;
    --workers_;
    --arriving_;
    fail(error, lock);
  }
}

void Dispatcher::wake_consumer() {
  consumer_called_ = true;
  if (consumer_waits_) result_or_end_.notify_one();
}

// Waits until next() has something to do; a task that overruns meanwhile is ended, or fails the
// call where it can't be.
void Dispatcher::wait_for_result(Lock& lock) {
  consumer_called_ = false;
  lock.unlock();
  spin_for([this] { return consumer_called_.load(); }, spin_tries);
  lock.lock();
  if (consumer_called_) return;
  consumer_waits_ = true;
  if (plan_.timeout.count() == 0) {
    result_or_end_.wait(lock);
  } else {
    result_or_end_.wait_until(lock, watched_.deadline(Clock::now() + plan_.timeout));
    end_overdue(lock);
  }
  consumer_waits_ = false;
}

void Dispatcher::end_overdue(Lock& lock) {
  WatchedTasks::Overdue overdue = watched_.take_overdue(Clock::now());
  if (overdue.failure != nullptr) fail(overdue.failure, lock);
  if (overdue.ends.empty()) return;
  lock.unlock();
  for (std::stop_source& end : overdue.ends) end.request_stop();
  lock.lock();
}

// Ends the call with its first error: nothing is started any more, running tasks are asked to stop.
void Dispatcher::fail(std::exception_ptr error, Lock& lock) {
  if (failure_ != nullptr) {
    if (left_) unseen_.push_back(std::move(error));
    return;
  }
  failure_ = std::move(error);
  flags_.fetch_or(TaskMonitor::abandoned);
  std::deque<std::unique_ptr<Batch>> dropped = std::exchange(queue_, {});
  batch_or_end_.notify_all();
  wake_consumer();
  lock.unlock();
  dropped.clear();
  stop_.request_stop();
  lock.lock();
}

void Dispatcher::close() noexcept {
  on_stop_.reset();
  gate_->close();
  if (started_) state_->backend->stop_call();
  reporter_.call_ended();
  closed_ = true;
  state_->running = false;
}

Dispatcher::~Dispatcher() {
  if (closed_) return;
  const ContextScope scope(task_context_);
  Lock lock(mutex_);
  const std::size_t unused = tasks_done_ - tasks_delivered_;
  const std::size_t cancelled = tasks_drawn_ - tasks_done_;
  const bool failed = failure_ != nullptr;
  left_ = true;
  if (!failed)
    fail(std::make_exception_ptr(Cancelled(state_->prefix + "left before its end")), lock);
  lock.unlock();
  close();
  if (failed) log_unseen(failure_);
  for (const std::exception_ptr& error : unseen_) log_unseen(error);
  if (!failed) warn_of_unused(unused, cancelled);
}

// Tells of an error that nobody will see any more.
void Dispatcher::log_unseen(const std::exception_ptr& error) const noexcept try {
  const std::string text = state_->prefix + "error in a call that was left before its end: ";
  try {
    std::rethrow_exception(error);
  } catch (const Cancelled&) {  // was asked for
  } catch (const std::exception& exception) {
    log(LogLevel::error, text + exception.what());
  } catch (...) {
    log(LogLevel::error, text + "not a std::exception");
  }
} catch (...) {  // NOLINT(bugprone-empty-catch): no memory for a message
}

}  // namespace joblib::detail
