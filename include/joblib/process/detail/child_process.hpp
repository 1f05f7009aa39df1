#pragma once

#include <string>
#include <utility>

#include "joblib/io/file.hpp"

namespace joblib::detail {

/// A descriptor that never stands for a later process with the same id, and is readable when the
/// process has ended. None where it is over with the process: that has ended, and somebody has
/// waited for it, or the program ignores SIGCHLD. Throws Error if the system refuses.
FileDescriptor open_process(int id);

/// A child of this process: killed with its owner, unless it has ended, and leaves nothing behind.
class ChildProcess {
 public:
  ChildProcess() = default;
  /// Throws Error, and kills it, if the system refuses to watch it. It may be over with it already.
  explicit ChildProcess(int id);
  ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }
  ChildProcess& operator=(ChildProcess&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(process_, other.process_);
    return *this;
  }
  ~ChildProcess();

  int id() const noexcept { return id_; }

  /// See open_process; -1 also after wait() and abandon().
  int descriptor() const noexcept { return process_.get(); }

  bool has_ended() const noexcept;

  /// From any thread, while no other one waits.
  void kill() const noexcept;

  /// Waits for its end: "SIGKILL(-9)", "EXIT(3)", "UNKNOWN(255)" where somebody else has done that,
  /// or the program ignores SIGCHLD.
  std::string wait();

  /// Lets it go: in the child of a fork, it is no child.
  void abandon() noexcept { process_ = {}; }

 private:
  int id_ = 0;
  FileDescriptor process_ = {};
};

}  // namespace joblib::detail
