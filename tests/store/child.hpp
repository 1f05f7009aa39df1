#pragma once

#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace joblib::test {

/// A forked process that runs a function, which may report to its parent and wait for it. It is
/// killed at the end of the scope if it still runs, and by an alarm if the parent forgets it.
class Child {
 public:
  /// The function's result is whether all is well.
  explicit Child(const std::function<bool(Child&)>& run) {
    if (::pipe(to_parent_) != 0 || ::pipe(to_child_) != 0) throw std::runtime_error("pipe");
    process_ = ::fork();
    if (process_ != 0) {  // who waits for a child that dies reads the end of its pipe
      ::close(std::exchange(to_parent_[1], -1));
      ::close(std::exchange(to_child_[0], -1));
      return;
    }
    ::alarm(120);
    bool well = false;
    try {
      well = run(*this);
    } catch (...) {
    }
    ::_exit(well ? 0 : 1);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (process_ > 0) kill();
    for (const int fd : {to_parent_[0], to_parent_[1], to_child_[0], to_child_[1]}) {
      if (fd >= 0) ::close(fd);
    }
  }

  // In the child.
  void report() { put(to_parent_[1]); }
  void wait_for_parent() { take(to_child_[0]); }

  // In the parent.
  void wait_for_report() { take(to_parent_[0]); }
  void go_on() { put(to_child_[1]); }
  void kill() {
    ::kill(process_, SIGKILL);
    ended_well();
  }
  /// Waits for its end.
  bool ended_well() {
    int status = -1;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    return status == 0;
  }
  pid_t process() const { return process_; }

 private:
  static void put(int fd) {
    if (::write(fd, "x", 1) != 1) throw std::runtime_error("write to a pipe");
  }
  static void take(int fd) {
    char c = 0;
    if (::read(fd, &c, 1) != 1) throw std::runtime_error("read from a pipe");
  }

  int to_parent_[2] = {};
  int to_child_[2] = {};
  pid_t process_ = 0;
};

}  // namespace joblib::test
