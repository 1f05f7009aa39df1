#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>

#include "joblib/backend/parallel_backend.hpp"
#include "joblib/pickle/bytes.hpp"
#include "joblib/process/detail/message.hpp"
#include "joblib/process/environment.hpp"

namespace joblib {

/// Some tasks of a call, on their way to another process.
class RemoteJob {
 public:
  virtual ~RemoteJob() = default;

  /// "task 3" or "tasks 3 to 17", counted from 0.
  virtual std::string name() const = 0;

  /// What a process that is started for the call is to have in its environment: joblib's limits for
  /// the threads of OpenMP, BLAS and others. The same for all jobs of the call.
  virtual const detail::Environment& environment() const = 0;

  /// What passes between these two calls doesn't count for the timeout of the tasks: until a
  /// process is there that begins with them.
  virtual void wait() = 0;
  virtual void begin() = 0;

  /// Runs the tasks in this process, which is to be a fork of the caller's, so that it has all they
  /// refer to. Returns the reply; errors of the tasks are part of it.
  virtual bytes run() = 0;

  /// What run_request(), in any other process of the same program, makes the reply of.
  virtual bytes request() = 0;

  /// request() for processes of this machine that files can be passed to: large arrays are in
  /// those. The files of the reply are to be kept before its bytes are returned.
  virtual detail::Message request_with_files() = 0;
  virtual void keep_files(detail::FileList files) = 0;

  /// Before a fork that is to run(): large arrays of the reply come back in a file.
  virtual void make_file() = 0;
};

/// Runs the tasks of a RemoteJob::request() in this process, and returns the reply. An error of a
/// task, or of the request, is part of the reply as well.
bytes run_request(std::span<const std::byte> request);

namespace detail {

// The same for a request_with_files().
Message run_request(std::span<const std::byte> request, const FileList& files);

}  // namespace detail

/// Runs tasks in other processes. It moves bytes and knows nothing else of them: each worker of a
/// call is a thread of this process that waits for another one.
class RemoteBackend : public ParallelBackend {
 public:
  /// Has a job run elsewhere and returns its reply. Blocks; as many threads call it at a time as a
  /// call has jobs. When `stop` is requested nobody wants the reply any more: the tasks are to be
  /// ended, and Cancelled may be thrown. Throws TerminatedWorkerError where the process has died.
  virtual bytes run(RemoteJob& job, const std::stop_token& stop) = 0;

  /// Whether run() asks jobs for requests, which needs tasks that can be sent. Results must be able
  /// to come back in any case.
  virtual bool sends_tasks() const { return true; }

  BackendTraits traits() const override;
  void submit(Work work) final;
};

}  // namespace joblib
