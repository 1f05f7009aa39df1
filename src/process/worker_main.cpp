#include "joblib/process/worker_main.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "foreign_host.hpp"
#include "joblib/core/detail/c_file.hpp"
#include "joblib/core/error.hpp"
#include "joblib/io/detail/posix.hpp"
#include "joblib/process/code_address.hpp"
#include "joblib/process/detail/channel.hpp"
#include "joblib/process/worker.hpp"

namespace joblib {
namespace detail {
namespace {

const char* name_of_workers = nullptr;
bool for_foreign_host = false;

// Ends this process as soon as the parent has gone, whatever its tasks are doing.
void follow_parent() {
  pollfd parent = {.fd = worker_socket, .events = POLLRDHUP, .revents = 0};
  uninterrupted([&] { return ::poll(&parent, 1, -1); });
  ::_exit(0);
}

void prepare() {
  ::unsetenv(worker_mark);
  if (::fcntl(worker_socket, F_SETFD, FD_CLOEXEC) != 0)
    throw_io_error("use", "the connection of a worker to its parent", errno);
  // A fork of this process must not keep the connection open when this process has died.
  pthread_atfork(nullptr, nullptr, [] {
    static bool closed = false;  // later, the number may stand for something else
    if (!std::exchange(closed, true)) ::close(worker_socket);
  });
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // lines appear when they are written
  std::signal(SIGINT, SIG_IGN);  // Ctrl-C is for the parent, which ends its workers
  sigset_t all;
  sigset_t mine;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &mine);  // signals are for the thread that runs tasks
  std::thread(follow_parent).detach();
  sigdelset(&mine, SIGINT);  // blocked since the start of this process
  pthread_sigmask(SIG_SETMASK, &mine, nullptr);
}

// What tasks have written so far; later, this process might be killed.
void flush_output() noexcept {
  for (std::ostream* const stream : {&std::cout, &std::clog}) {
    try {
      stream->flush();
    } catch (...) {  // of its buffer: it is lost, like that of other streams
    }
  }
  std::fflush(nullptr);
}

// Looks for memory that requests have left behind.
class LeakWatch {
 public:
  bool found() const { return found_; }

  // To be called when a request has been answered and forgotten.
  void look() {
    constexpr std::int64_t most = 300'000'000;
    constexpr int first_requests = 2;  // an initializer and a task may make what all others use
    const auto now = std::chrono::steady_clock::now();
    if (requests_ < first_requests) {
      ++requests_;
      reference_ = own_memory();
    } else if (now >= next_look_ && !found_) {
      next_look_ = now + std::chrono::seconds(1);
      if (own_memory() - reference_ < most) return;
      ::malloc_trim(0);
      found_ = own_memory() - reference_ >= most;
    }
  }

 private:
  // In bytes, without what other processes have mapped too.
  static std::int64_t own_memory() {
    long size = 0;
    long resident = 0;
    long shared = 0;
    const CFile file = open_to_read("/proc/self/statm");
    if (!file || std::fscanf(file.get(), "%ld %ld %ld", &size, &resident, &shared) != 3) return 0;
    return (resident - shared) * ::sysconf(_SC_PAGESIZE);
  }

  std::int64_t reference_ = 0;
  int requests_ = 0;
  std::chrono::steady_clock::time_point next_look_ = {};
  bool found_ = false;
};

void answer(Channel& parent, RequestHandler handler, const Message& request, bool leaking) {
  int code = 0;
  std::string text;
  try {
    const Message reply = handler(request);
    flush_output();
    parent.send(leaking ? FrameKind::leaking : FrameKind::reply, reply);
    return;
  } catch (const Error& error) {
    code = static_cast<int>(error.code());
    text = error.what();
  } catch (const std::exception& error) {
    code = static_cast<int>(errc::invalid_argument);
    text = error.what();
  }
  flush_output();
  parent.send(FrameKind::failure, {.payload = failure_payload(code, text)});
}

void work(Channel& parent) {
  prepare();
  RequestHandler handler = nullptr;
  LeakWatch leak;
  for (;;) {
    std::optional<Frame> frame = parent.receive();
    if (!frame) return;
    if (frame->kind == FrameKind::run) {
      answer(parent, handler, frame->message, leak.found());
      frame.reset();
      leak.look();
      continue;
    }
    handler =
        reinterpret_cast<RequestHandler>(const_cast<void*>(function_at(parent.peer().handler)));
    parent.send_hello();
  }
}

[[noreturn]] void be_worker(const std::string& token) {
  int status = 0;
  std::optional<Channel> parent;  // which kills this process when the connection ends
  try {
    parent.emplace(FileDescriptor(worker_socket),
                   Protocol(Protocol::Side::worker,
                            {.token = token, .build_id = common_build_id(), .handler = {}}));
    work(*parent);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: worker process: %s\n", name_of_workers, error.what());
    status = 1;
  }
  flush_output();
  ::_exit(status);
}

}  // namespace

const char* worker_name() { return name_of_workers; }

void work_for_host() {
  const char* const token = std::getenv(worker_mark);
  if (token == nullptr) return;
  name_of_workers = "joblib-worker";
  for_foreign_host = true;
  be_worker(token);
}

bool works_for_foreign_host() { return for_foreign_host; }

}  // namespace detail

int worker_main(int argc, char** argv) {
  detail::name_of_workers = argc > 0 ? argv[0] : "joblib";
  if (const char* const token = std::getenv(detail::worker_mark)) detail::be_worker(token);
  return 0;
}

}  // namespace joblib
