#include "joblib/process/detail/child_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "joblib/io/detail/posix.hpp"

namespace joblib::detail {

FileDescriptor open_process(int id) {
  FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
  if (process.get() < 0 && errno != ESRCH) throw_io_error("watch", "a process", errno);
  return process;
}

ChildProcess::ChildProcess(int id) : id_(id) {
  try {
    process_ = open_process(id);
  } catch (...) {
    ::kill(id, SIGKILL);
    uninterrupted([&] { return ::waitpid(id, nullptr, 0); });
    throw;
  }
}

ChildProcess::~ChildProcess() {
  if (process_.get() < 0) return;
  kill();
  wait();
}

bool ChildProcess::has_ended() const noexcept {
  if (process_.get() < 0) return true;
  pollfd end = {.fd = process_.get(), .events = POLLIN, .revents = 0};
  return uninterrupted([&] { return ::poll(&end, 1, 0); }) != 0;
}

void ChildProcess::kill() const noexcept {
  ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
}

std::string ChildProcess::wait() {
  const FileDescriptor process = std::move(process_);
  siginfo_t info = {};
  const auto id = static_cast<id_t>(process.get());
  if (uninterrupted([&] { return ::waitid(P_PIDFD, id, &info, WEXITED); }) != 0)
    return "UNKNOWN(255)";
  const std::string status = std::to_string(info.si_status);
  if (info.si_code == CLD_EXITED) return "EXIT(" + status + ")";
  const char* const signal = ::sigabbrev_np(info.si_status);
  return (signal != nullptr ? std::string("SIG") + signal : "SIGNAL") + "(-" + status + ")";
}

}  // namespace joblib::detail
