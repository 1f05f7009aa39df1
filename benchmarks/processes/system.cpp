// The bare mechanisms: a socket between two processes, a start, a copy to shared memory.

#include <array>
#include <cstdio>
#include <cstring>
#include <functional>

#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.hpp"

namespace {

void check(bool condition) {
  if (condition) return;
  std::perror("system");
  std::exit(1);
}

// A child that sends back each byte that it gets, after it has run `prepare`.
class Echo {
 public:
  explicit Echo(const std::function<void()>& prepare) {
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()) == 0);
    child_ = ::fork();
    check(child_ >= 0);
    if (child_ > 0) return;
    ::close(ends_[0]);
    prepare();
    for (char byte = 0; ::read(ends_[1], &byte, 1) == 1;) check(::write(ends_[1], &byte, 1) == 1);
    std::_Exit(0);
  }
  ~Echo() {
    ::close(ends_[1]);
    ::close(ends_[0]);
    ::waitpid(child_, nullptr, 0);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  void round_trip() const {
    char byte = 1;
    check(::write(ends_[0], &byte, 1) == 1 && ::read(ends_[0], &byte, 1) == 1);
  }

 private:
  std::array<int, 2> ends_ = {};
  pid_t child_ = 0;
};

void start_two(char* program) {
  std::array<char*, 3> arguments = {program, const_cast<char*>("none"), nullptr};
  std::array<pid_t, 2> children = {};
  for (pid_t& child : children)
    check(::posix_spawn(&child, program, nullptr, nullptr, arguments.data(), environ) == 0);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
}

// To shared memory, as one process would write it for another one, which copies it or not.
void share(const std::vector<double>& values, bool copied) {
  const std::size_t bytes = values.size() * sizeof(double);
  const int fd = ::memfd_create("values", MFD_CLOEXEC);
  check(fd >= 0);
  const char* data = reinterpret_cast<const char*>(values.data());
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t count = ::write(fd, data + done, bytes - done);
    check(count > 0);
    done += static_cast<std::size_t>(count);
  }
  if (copied) {
    void* const shared = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
    check(shared != MAP_FAILED);
    const auto* const first = static_cast<const double*>(shared);
    const std::vector<double> copy(first, first + values.size());
    ::munmap(shared, bytes);
  }
  ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  const auto nothing = [] {};
  const auto time_round_trips = [&](const char* name, const std::function<void()>& prepare_child,
                                    const std::function<void()>& prepare) {
    if (cases.name() != name) return;
    const Echo echo(prepare_child);
    prepare();
    constexpr int calls = 1000;
    cases.time(name, "socketpair", calls, 1e6, nothing, [&] {
      for (int i = 0; i < calls; ++i) echo.round_trip();
    });
  };
  const auto first = [] { bench::keep_on_core(0); };
  const auto second = [] { bench::keep_on_core(1); };
  time_round_trips("round_trip", second, first);
  time_round_trips("round_trip_one_core", first, first);
  time_round_trips("call", nothing, nothing);
  cases.time("start", "posix_spawn", 1, 1e3, nothing, [&] { start_two(argv[0]); });
  if (!cases.has_array()) return 0;
  const std::vector<double> values(bench::Cases::large / sizeof(double), 1);
  for (const char* name : {"tasks_100", "argument", "result"})
    cases.time(name, "write(2) to a memfd", 1, 1e3, nothing, [&] { share(values, false); });
  cases.time("argument_vector", "write(2) to a memfd, a copy", 1, 1e3, nothing,
             [&] { share(values, true); });
  cases.time("result_vector", "write(2) to a memfd, a copy", 1, 1e3, nothing,
             [&] { share(std::vector<double>(values.size(), 1), true); });
}
