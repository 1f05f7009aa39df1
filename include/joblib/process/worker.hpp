#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "joblib/process/detail/channel.hpp"
#include "joblib/process/detail/child_process.hpp"

namespace joblib::detail {

/// Answers a request in a worker. An Error that it throws reaches the caller as such.
using RequestHandler = Message (*)(const Message& request);

/// Variables that are set in the environment of a process, or replaced.
using Environment = std::map<std::string, std::string>;

/// The variables that limit the threads of OpenMP, BLAS and others in one of `n_workers` workers:
/// all of them to `inner_max_num_threads`, or, without it, those that this process doesn't have to
/// its share of the cores.
Environment thread_limits(std::optional<int> inner_max_num_threads, int n_workers);

class WorkerOutput;

/// Another process of the same program, or of joblib-worker, which answers requests and ends with
/// this one. What it writes to its standard streams is passed on to those of this process during
/// calls. In the child of a fork there is nothing behind the objects of its parent.
class WorkerProcess {
 public:
  /// Starts it, and doesn't wait until it is ready. Throws Error where the program's main doesn't
  /// begin with worker_main and is no foreign host of the handler's library, the handler can't be
  /// found by other processes, or the system refuses.
  WorkerProcess(RequestHandler handler, const Environment& environment);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  /// Sends a request and waits for the reply; one at a time, while is_alive(). Throws
  /// TerminatedWorkerError when the process ends instead, Cancelled when `stop` is requested, for
  /// which the process is killed, and the handler's Error. `begin` is called once the process is
  /// ready, or has been starting for 5 seconds.
  Message call(const Message& request, const std::stop_token& stop,
               const std::string& output_tag = {}, const std::function<void()>& begin = {});

  /// False when the process has ended, or is of no use any more: after a call that threw anything
  /// but the handler's Error, and, to be sure, after one that was stopped just when it was done.
  bool is_alive() const noexcept;

  /// Whether its requests have left so much memory behind that it is better replaced.
  bool leaks() const noexcept { return leaks_; }

  int id() const noexcept { return process_.id(); }

 private:
  friend class LiveWorkers;

  std::optional<Frame> exchange(const Message& request);
  void wait(int socket, short events);
  void begin();
  [[noreturn]] void throw_terminated();
  void abandon() noexcept;

  std::unique_ptr<WorkerOutput> output_;
  std::unique_ptr<Channel> channel_ = nullptr;
  ChildProcess process_ = {};
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::function<void()> begin_ = {};  // of the call that waits for the process to be ready
  bool ready_ = false;                // it has sent its hello
  bool usable_ = true;
  bool leaks_ = false;
};

}  // namespace joblib::detail
