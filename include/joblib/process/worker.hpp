#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "joblib/core/error.hpp"
#include "joblib/process/detail/channel.hpp"
#include "joblib/process/detail/child_process.hpp"
#include "joblib/process/environment.hpp"

namespace joblib::detail {

/// Answers a request in a worker. An Error that it throws reaches the caller as such.
using RequestHandler = Message (*)(const Message& request);

/// How many workers this process is inside of: 0, 1 in a worker, 2 in a worker of a worker.
int worker_depth();

/// A worker has ended in its initializer: no request is to blame.
class InitializerError : public TerminatedWorkerError {
 public:
  using TerminatedWorkerError::TerminatedWorkerError;
};

class WorkerOutput;

/// Another process of the same program, or of joblib-worker, which answers requests and ends with
/// this one. What it writes to its standard streams is passed on to those of this process during
/// calls. In the child of a fork there is nothing behind the objects of its parent.
class WorkerProcess {
 public:
  /// Starts it, and doesn't wait until it is ready. Throws Error where the program's main doesn't
  /// begin with worker_main and is no foreign host of the handler's library, the handler can't be
  /// found by other processes, or the system refuses. `initializer` is a request that goes before
  /// the first one; none if empty.
  WorkerProcess(RequestHandler handler, Environment environment, bytes initializer = {});
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  /// Sends a request and waits for the reply; one at a time, while is_alive(). Throws
  /// TerminatedWorkerError when the process ends instead, Cancelled when `stop` is requested, for
  /// which the process is killed, and the handler's Error. The first call waits for the start of
  /// the process and its initializer, and throws InitializerError where that ends it, or an Error
  /// with its text. `begin` is called when the process has started; also, before, when that has
  /// taken 5 seconds.
  Message call(const Message& request, const std::stop_token& stop,
               const std::string& output_tag = {}, const std::function<void()>& begin = {});

  /// False when the process has ended, or is of no use any more: after a call that threw anything
  /// but the handler's Error, and, to be sure, after one that was stopped just when it was done.
  bool is_alive() const noexcept;

  /// Whether its requests have left so much memory behind that it is better replaced.
  bool leaks() const noexcept { return leaks_; }

  int id() const noexcept { return process_.id(); }
  const Environment& environment() const noexcept { return environment_; }

 private:
  friend class LiveWorkers;
  enum class State { starting, initializing, ready };

  void start(const std::stop_token& stop, const std::function<void()>& begin);
  Frame exchange(const Message* request, const std::stop_token& stop);
  void wait(int socket, short events);
  void end() const noexcept;
  [[noreturn]] void throw_terminated();
  void abandon() noexcept;

  const Environment environment_;
  const bytes initializer_;
  std::unique_ptr<WorkerOutput> output_;
  std::unique_ptr<Channel> channel_ = nullptr;
  ChildProcess process_ = {};
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  const std::function<void()>* begin_ = nullptr;  // of the call that waits for the start
  State state_ = State::starting;
  bool usable_ = true;
  bool leaks_ = false;
};

}  // namespace joblib::detail
