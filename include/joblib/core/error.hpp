#pragma once

#include <stdexcept>
#include <string>

namespace joblib {

/// What kind of failure an Error reports; its text says what, where, and what to do.
enum class errc {
  invalid_argument = 1,  ///< a bad option, name, literal or combination of them
  already_running,       ///< a Parallel was called while its previous call was still running
  cancelled,             ///< the caller's stop_token was triggered
  timed_out,             ///< a task ran longer than its timeout
  no_workers,            ///< the backend has no worker, or gave up work that it had accepted
  not_found,             ///< there is no such file
  io_error,              ///< the system refused to open, read, write or map something
  corrupt_data,          ///< bytes that are damaged, cut off or lie about sizes
  type_mismatch,         ///< a value doesn't fit the type that is asked for
  out_of_range,          ///< there is no such key, attribute or position
  unsupported,           ///< built without it, or not possible here
  worker_died,           ///< a worker process ended while it ran a task
  task_failed,           ///< a task in another process threw what can't be thrown here as itself
};

/// Base of all errors raised by the library itself; errors of tasks keep their own types.
class Error : public std::runtime_error {
 public:
  Error(errc code, const std::string& what) : std::runtime_error(what), code_(code) {}

  errc code() const noexcept { return code_; }

 private:
  errc code_;
};

/// The call was cancelled through its stop_token: it has no result, not even a partial one.
class Cancelled : public Error {
 public:
  explicit Cancelled(const std::string& what) : Error(errc::cancelled, what) {}
};

/// A task ran longer than `timeout`, measured from the start of the task.
class TimeoutError : public Error {
 public:
  explicit TimeoutError(const std::string& what) : Error(errc::timed_out, what) {}
};

/// A worker process was killed, crashed or exited while it ran a task, or its initializer.
class TerminatedWorkerError : public Error {
 public:
  explicit TerminatedWorkerError(const std::string& what) : Error(errc::worker_died, what) {}
};

}  // namespace joblib
