#include "joblib/backend/multiprocessing.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <streambuf>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <stdio_ext.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "joblib/core/cpu_count.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"
#include "joblib/io/detail/posix.hpp"
#include "joblib/io/file.hpp"
#include "joblib/process/detail/child_process.hpp"

// A reply goes through a pipe: its size, 8 bytes, and its bytes.

namespace joblib {
namespace {

using detail::ChildProcess;
using detail::FileDescriptor;
using detail::throw_io_error;
using detail::uninterrupted;

bool in_child = false;

struct Pipe {
  FileDescriptor read_end, write_end;

  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw_io_error("make", "a pipe", errno);
    read_end = FileDescriptor(ends[0]);
    write_end = FileDescriptor(ends[1]);
    fcntl(write_end.get(), F_SETPIPE_SZ, 1 << 20);  // it also works with less
  }
};

// ---- in the child

// Drops what another process is going to write.
void drop_pending(std::streambuf* buffer) {
  if (buffer == nullptr) return;
  struct Access : std::streambuf {
    static void drop(std::streambuf& target) {
      (target.*&Access::setp)((target.*&Access::pbase)(), (target.*&Access::epptr)());
    }
  };
  Access::drop(*buffer);
}

void drop_pending_output() {
  __fpurge(stdout);
  drop_pending(std::cout.rdbuf());
  drop_pending(std::clog.rdbuf());
}

// Of other streams, what is pending may be the parent's.
void flush_output() noexcept {
  for (std::ostream* const stream : {&std::cout, &std::clog}) {
    try {
      stream->flush();
    } catch (...) {  // of its buffer: it is lost, like that of other streams
    }
  }
  std::fflush(stdout);
}

// Ends this process together with its parent, whatever it is doing. The signal follows the thread
// that has forked, which waits for this process.
void follow(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(EXIT_FAILURE);
}

[[noreturn]] void run_child(RemoteJob& job, int fd, pid_t parent) noexcept {
  follow(parent);
  in_child = true;
  drop_pending_output();
  const bytes reply = job.run();
  flush_output();
  const std::uint64_t size = reply.size();
  try {
    detail::FileSink pipe(fd, "the pipe of a reply");
    pipe.write(std::as_bytes(std::span(&size, 1)));
    pipe.write(reply);
  } catch (const Error&) {  // nobody reads it
    _exit(EXIT_FAILURE);
  }
  _exit(EXIT_SUCCESS);
}

// ---- in the parent

// No signal is delivered to this thread meanwhile.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_ = {};
};

// A forked process and its reply.
class Child {
 public:
  Child(RemoteJob& job, Pipe pipe) : reply_(std::move(pipe.read_end)) {
    std::fflush(stdout);  // in the order of the program
    const pid_t parent = getpid();
    pid_t id = 0;
    {
      const SignalsBlocked blocked;
      id = fork();
      if (id == 0) std::signal(SIGINT, SIG_IGN);  // of the terminal: the parent's business
    }
    if (id == 0) {
      reply_ = {};
      run_child(job, pipe.write_end.get(), parent);
    }
    if (id < 0) throw_io_error("fork", "a process", errno);
    pipe.write_end = {};  // before another descriptor is needed
    process_ = ChildProcess(id);
  }

  // From any thread, before wait().
  void kill() const noexcept { process_.kill(); }

  // Its exit code, once it has ended.
  std::string wait() { return process_.wait(); }

  // Its reply; nothing where it has ended without one.
  std::optional<bytes> reply() {
    std::uint64_t size = 0;
    if (!read_all(std::as_writable_bytes(std::span(&size, 1)))) return std::nullopt;
    bytes data;
    while (data.size() < size) {
      const std::size_t have = data.size();
      data.resize(std::min<std::uint64_t>(size, std::max<std::uint64_t>(2 * have, first_part)));
      if (!read_all(std::span(data).subspan(have))) return std::nullopt;
    }
    return data;
  }

 private:
  static constexpr std::size_t first_part = 1 << 20;

  bool read_all(std::span<std::byte> data) {
    while (!data.empty()) {
      if (!wait_for_data()) return false;
      const ssize_t count =
          uninterrupted([&] { return read(reply_.get(), data.data(), data.size()); });
      if (count < 0) throw_io_error("read from", "a pipe", errno);
      if (count == 0) return false;
      data = data.subspan(static_cast<std::size_t>(count));
    }
    return true;
  }

  // Other children may have the pipe open, too: its end of file may come long after the end of the
  // process.
  bool wait_for_data() const {
    std::array<pollfd, 2> events{{{reply_.get(), POLLIN, 0}, {process_.descriptor(), POLLIN, 0}}};
    if (process_.descriptor() >= 0) {
      uninterrupted([&] { return poll(events.data(), events.size(), -1); });
      if (events[0].revents != 0) return true;
    }
    return uninterrupted([&] { return poll(events.data(), 1, 0); }) > 0;
  }

  FileDescriptor reply_;
  ChildProcess process_ = {};
};

}  // namespace

bytes MultiprocessingBackend::run(RemoteJob& job, const std::stop_token& stop) {
  detail::fill_closed_streams();
  job.make_file();
  Child child(job, Pipe());
  std::optional<bytes> reply;
  {
    const std::stop_callback killer(stop, [&]() noexcept { child.kill(); });
    reply = child.reply();
  }
  child.kill();  // it may have closed the pipe and live, or be stopped on its way to its end
  const std::string exit_code = child.wait();
  if (reply) return *std::move(reply);
  if (stop.stop_requested()) throw Cancelled("the process that ran the tasks was killed");
  throw TerminatedWorkerError("a process of the multiprocessing backend ended with the exit code " +
                              exit_code);
}

int MultiprocessingBackend::effective_n_jobs(int n_jobs) const {
  if (detail::parallelism_disabled()) return 1;
  if (!in_child) return ParallelBackend::effective_n_jobs(n_jobs);
  if (n_jobs != 1) {
    log(LogLevel::warning,
        "Multiprocessing-backed parallel loops cannot be nested, setting n_jobs=1");
  }
  return 1;
}

}  // namespace joblib
