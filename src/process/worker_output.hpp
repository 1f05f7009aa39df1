#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "joblib/io/file.hpp"

namespace joblib::detail {

// What a worker writes to its standard output and error streams, on its way to those of this
// process: whole lines, so that those of different workers don't mix.
class WorkerOutput {
 public:
  using Clock = std::chrono::steady_clock;

  // Makes the pipes. Throws Error if the system refuses.
  WorkerOutput();

  // The ends that become the worker's streams 1 and 2; to be closed when it has them. They are
  // above its own descriptors.
  std::array<int, 2> write_ends() const noexcept;
  void close_write_ends() noexcept;

  // Only closes the pipes, in the child of a fork.
  void abandon() noexcept;

  // What each line begins with from now on. What was written before still has the former one.
  void set_tag(const std::string& tag);

  // Waits for the events of poll(2) at a socket, or the end of the process with this descriptor;
  // passes on what the worker writes until then. Returns false if nothing happens before the
  // deadline. Other processes may have the socket of one that has ended: it is shut down then.
  bool wait(int socket, short events, int process,
            Clock::time_point deadline = Clock::time_point::max());

  // Passes on what is there, lines without an end included.
  void flush();
  // The same, of what has been read.
  void end_lines();

 private:
  struct Stream {
    int target;
    FileDescriptor read_end = {};
    FileDescriptor write_end = {};
    std::string rest = {};  // read, but not passed on: the beginning of a line
  };

  void read(Stream& stream);
  void write(const Stream& stream, std::string_view lines) const;

  static constexpr std::size_t pipe_size = 1 << 16;

  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(pipe_size);
  std::string tag_ = {};
  std::array<Stream, 2> streams_ = {Stream{.target = 1}, Stream{.target = 2}};
};

}  // namespace joblib::detail
