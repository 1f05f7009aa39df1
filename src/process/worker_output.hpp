#pragma once

#include <array>
#include <string>

#include "joblib/io/file.hpp"

namespace joblib::detail {

// What a worker writes to its standard output and error streams, on its way to those of this
// process: whole lines, so that those of different workers don't mix.
class WorkerOutput {
 public:
  // Makes the pipes. Throws Error if the system refuses.
  WorkerOutput();

  // The ends that become the worker's streams 1 and 2; to be closed when it has them. They are
  // above its own descriptors.
  std::array<int, 2> write_ends() const noexcept;
  void close_write_ends() noexcept;

  // Waits for the events of poll(2) at a socket; passes on what the worker writes until then, in
  // whole lines.
  void wait(int socket, short events);

  // Passes on what has been read of a line without an end.
  void end_lines();

  // Passes on all that is there.
  void flush();

 private:
  struct Stream {
    int target;
    FileDescriptor read_end = {};
    FileDescriptor write_end = {};
    std::string rest = {};  // read, but not passed on: the beginning of a line
  };

  static void read(Stream& stream);

  std::array<Stream, 2> streams_ = {Stream{.target = 1}, Stream{.target = 2}};
};

}  // namespace joblib::detail
