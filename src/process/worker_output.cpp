#include "worker_output.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <mutex>
#include <span>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"
#include "joblib/io/detail/posix.hpp"
#include "joblib/process/worker_main.hpp"

namespace joblib::detail {
namespace {

constexpr std::size_t longest_line = 1 << 20;  // then a part of it is passed on

ForkSafeMutex& output_mutex() {
  static auto& mutex = *new ForkSafeMutex;  // never destroyed
  return mutex;
}

[[maybe_unused]] const auto& output_mutex_made_at_load = output_mutex();

// Keeps what this thread writes from raising SIGPIPE, which would end the program.
class NoBrokenPipe {
 public:
  NoBrokenPipe() {
    sigset_t pending;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) != 0;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoBrokenPipe() {
    constexpr timespec at_once = {.tv_sec = 0, .tv_nsec = 0};
    if (!was_pending_) uninterrupted([&] { return sigtimedwait(&pipe_, nullptr, &at_once); });
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoBrokenPipe(const NoBrokenPipe&) = delete;
  NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;

 private:
  sigset_t pipe_ = {};
  sigset_t before_ = {};
  bool was_pending_ = false;
};

void write_all(int target, std::string_view text) {
  if (text.empty()) return;
  const NoBrokenPipe no_signal;
  const std::lock_guard lock(output_mutex());
  try {
    FileSink(target, "the output of workers").write(std::as_bytes(std::span(text)));
  } catch (const Error&) {  // it is lost: the stream is closed, or nobody reads it
  }
}

FileDescriptor above_those_of_a_worker(const FileDescriptor& file) {
  FileDescriptor copy(::fcntl(file.get(), F_DUPFD_CLOEXEC, worker_socket + 1));
  if (copy.get() < 0) throw_io_error("make", "a pipe for the output of a worker process", errno);
  return copy;
}

}  // namespace

WorkerOutput::WorkerOutput() {
  for (Stream& stream : streams_) {
    std::array<int, 2> ends = {};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      throw_io_error("make", "a pipe for the output of a worker process", errno);
    stream.read_end = FileDescriptor(ends[0]);
    const FileDescriptor write_end(ends[1]);
    stream.write_end = above_those_of_a_worker(write_end);
    ::fcntl(stream.read_end.get(), F_SETFL, O_NONBLOCK);
  }
}

std::array<int, 2> WorkerOutput::write_ends() const noexcept {
  return {streams_[0].write_end.get(), streams_[1].write_end.get()};
}

void WorkerOutput::close_write_ends() noexcept {
  for (Stream& stream : streams_) stream.write_end = {};
}

void WorkerOutput::abandon() noexcept {
  for (Stream& stream : streams_) stream.read_end = {};
}

bool WorkerOutput::wait(int socket, short events, int process, Clock::time_point deadline) {
  for (;;) {
    int rest = -1;  // milliseconds
    if (deadline != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      if (left.count() <= 0) return false;
      rest = static_cast<int>(left.count());
    }
    // The socket first: what was written before its event is there when its turn comes.
    std::array waiting = {pollfd{.fd = socket, .events = events, .revents = 0},
                          pollfd{.fd = streams_[0].read_end.get(), .events = POLLIN, .revents = 0},
                          pollfd{.fd = streams_[1].read_end.get(), .events = POLLIN, .revents = 0},
                          pollfd{.fd = process, .events = POLLIN, .revents = 0}};
    if (uninterrupted([&] { return ::poll(waiting.data(), waiting.size(), rest); }) < 0)
      throw_io_error("wait for", "a worker process", errno);
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (waiting[i + 1].revents != 0) read(streams_[i]);
    }
    if (waiting[0].revents != 0) return true;
    if (waiting.back().revents != 0) {  // what it has sent is read before the end
      ::shutdown(socket, SHUT_RDWR);
      return true;
    }
  }
}

void WorkerOutput::set_tag(const std::string& tag) {
  if (tag == tag_) return;
  flush();
  tag_ = tag;
}

void WorkerOutput::flush() {
  for (Stream& stream : streams_) read(stream);
  end_lines();
}

void WorkerOutput::end_lines() {
  for (Stream& stream : streams_) {
    if (!tag_.empty() && !stream.rest.empty()) stream.rest += '\n';
    write(stream, stream.rest);
    stream.rest.clear();
  }
}

// As much as a pipe holds: who writes without end doesn't keep the caller here.
void WorkerOutput::read(Stream& stream) {
  if (stream.read_end.get() < 0) return;
  const ssize_t count =
      uninterrupted([&] { return ::read(stream.read_end.get(), buffer_.get(), pipe_size); });
  if (count == 0) stream.read_end = {};  // nobody has the other end any more
  if (count <= 0) return;
  stream.rest.append(buffer_.get(), static_cast<std::size_t>(count));
  const std::size_t lines =
      stream.rest.size() > longest_line ? stream.rest.size() : stream.rest.rfind('\n') + 1;
  write(stream, std::string_view(stream.rest).substr(0, lines));
  stream.rest.erase(0, lines);
}

void WorkerOutput::write(const Stream& stream, std::string_view lines) const {
  if (tag_.empty()) return write_all(stream.target, lines);
  std::string tagged;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, std::min(lines.find('\n'), lines.size() - 1) + 1);
    tagged += tag_;
    tagged += line;
    lines.remove_prefix(line.size());
  }
  write_all(stream.target, tagged);
}

}  // namespace joblib::detail
