#include "joblib/process/worker.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <pthread.h>

#include "foreign_host.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"
#include "joblib/process/worker_main.hpp"
#include "spawn.hpp"
#include "worker_output.hpp"

namespace joblib::detail {

// All of this process, which the child of a fork has to let go: it must neither end the workers nor
// keep connections open that tell them whether their parent lives.
class LiveWorkers {
 public:
  static LiveWorkers& instance() {
    static auto& workers = *new LiveWorkers;  // never destroyed
    return workers;
  }

  // No fork happens while `start` runs, which the worker begins with.
  template <class Start>
  void add(WorkerProcess& worker, Start start) {
    const std::lock_guard lock(mutex_);
    workers_.reserve(workers_.size() + 1);
    start();
    workers_.push_back(&worker);
  }

  void remove(WorkerProcess& worker) {
    const std::lock_guard lock(mutex_);
    std::erase(workers_, &worker);
  }

 private:
  LiveWorkers() {
    pthread_atfork(nullptr, nullptr, [] {
      for (WorkerProcess* const worker : std::exchange(instance().workers_, {})) worker->abandon();
    });
  }

  ForkSafeMutex mutex_;
  std::vector<WorkerProcess*> workers_;  // guarded by mutex_
};

namespace {

constexpr std::chrono::seconds longest_start{5};  // that a call's time-out doesn't count

[[maybe_unused]] const auto& live_workers_made_at_load = LiveWorkers::instance();

[[noreturn]] void throw_cancelled() {
  throw Cancelled("The tasks of a worker process have been cancelled");
}

}  // namespace

WorkerProcess::WorkerProcess(RequestHandler handler, Environment environment, bytes initializer)
    : environment_(std::move(environment)), initializer_(std::move(initializer)) {
  Hello hello = {.token = random_token(),
                 .build_id = common_build_id(),
                 .handler = code_address_of(reinterpret_cast<const void*>(handler))};
  const bool can_be_loaded = hello.handler.module.find(' ') != std::string::npos;
  if (worker_name() == nullptr && !can_be_loaded) {
    throw Error(errc::unsupported,
                "This program can't start worker processes, because its main hasn't begun yet or "
                "doesn't begin with joblib::worker_main(argc, argv). Link the program to "
                "joblib::joblib with CMake or to joblib with pkg-config, or call that function at "
                "the top of main");
  }
  const WorkerProgram program = worker_program();
  fill_closed_streams();
  LiveWorkers::instance().add(*this, [&] {
    auto [mine, of_worker] = connected_sockets();
    output_ = std::make_unique<WorkerOutput>();
    const int id =
        spawn_worker(program, of_worker.get(), output_->write_ends(), hello.token, environment_);
    of_worker = {};  // before another descriptor is needed
    output_->close_write_ends();
    process_ = ChildProcess(id);
    channel_ = std::make_unique<Channel>(
        std::move(mine), Protocol(Protocol::Side::parent, std::move(hello)),
        [this](int socket, short events) { wait(socket, events); });
    channel_->send_hello();
  });
}

WorkerProcess::~WorkerProcess() {
  LiveWorkers::instance().remove(*this);
  if (output_ != nullptr) output_->flush();
  end();
}

bool WorkerProcess::is_alive() const noexcept { return usable_ && !process_.has_ended(); }

Message WorkerProcess::call(const Message& request, const std::stop_token& stop,
                            const std::string& output_tag, const std::function<void()>& begin) {
  if (stop.stop_requested()) throw_cancelled();
  usable_ = false;  // unless all goes well
  if (state_ != State::ready) start(stop, begin);
  output_->set_tag(output_tag);
  if (begin) begin();
  Frame answer = exchange(&request, stop);
  usable_ = !stop.stop_requested();
  leaks_ = answer.kind == FrameKind::leaking;
  if (answer.kind == FrameKind::failure) throw_failure(answer.message.payload);
  return std::move(answer.message);
}

void WorkerProcess::start(const std::stop_token& stop, const std::function<void()>& begin) {
  begin_ = begin ? &begin : nullptr;
  exchange(nullptr, stop);  // its hello
  state_ = State::initializing;
  if (!initializer_.empty()) {
    const Message request = {.payload = initializer_};
    const Frame answer = exchange(&request, stop);
    if (answer.kind == FrameKind::failure)
      throw_failure(answer.message.payload, "The initializer of a worker process failed: ");
  }
  begin_ = nullptr;
  state_ = State::ready;
}

Frame WorkerProcess::exchange(const Message* request, const std::stop_token& stop) {
  std::optional<Frame> answer;
  {
    const std::stop_callback end_it(stop, [this] { end(); });
    if (request == nullptr || channel_->send(FrameKind::run, *request))
      answer = channel_->receive();
  }
  if (answer) {
    output_->end_lines();  // it came before the answer, and was seen by the last wait
    return *std::move(answer);
  }
  output_->flush();
  if (stop.stop_requested()) throw_cancelled();
  throw_terminated();
}

void WorkerProcess::wait(int socket, short events) {
  if (begin_ != nullptr) {
    if (output_->wait(socket, events, process_.descriptor(), started_ + longest_start)) return;
    (*std::exchange(begin_, nullptr))();
  }
  output_->wait(socket, events, process_.descriptor());
}

// By both means: a process that has other rights than this one can't be killed, and ends when its
// connection does; one that hangs has to be killed.
void WorkerProcess::end() const noexcept {
  process_.kill();
  if (channel_ != nullptr) channel_->shut_down();
}

void WorkerProcess::throw_terminated() {
  end();  // it may have closed the connection and live
  const std::string exit_code = process_.wait();
  if (state_ == State::starting) {
    throw TerminatedWorkerError("A worker process ended before it was ready, with the exit code " +
                                exit_code +
                                ". It was running the program's static initialisation, as every "
                                "worker does, or could not load the program");
  }
  if (state_ == State::initializing) {
    throw InitializerError("The initializer of a worker process ended it, with the exit code " +
                           exit_code);
  }
  throw TerminatedWorkerError(
      "A worker process managed by the executor was unexpectedly terminated. This could be caused "
      "by a segmentation fault while calling the function or by an excessive memory usage causing "
      "the Operating System to kill the worker.\n\nThe exit codes of the workers are {" +
      exit_code + "}");
}

// A thread of the parent may have been changing what is left behind.
void WorkerProcess::abandon() noexcept {
  channel_->abandon();
  output_->abandon();
  static_cast<void>(channel_.release());
  static_cast<void>(output_.release());
  process_.abandon();
  usable_ = false;
}

}  // namespace joblib::detail
