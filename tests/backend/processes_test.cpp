// What both backends of processes promise.

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "core/file_tree.hpp"
#include "joblib/numpy/ndarray.hpp"
#include "joblib/parallel.hpp"
#include "joblib/process/code_address.hpp"
#include "joblib/process/detail/child_process.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "process/captured.hpp"
#include "process/children.hpp"
#include "store/child.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::TerminatedWorkerError;
using joblib::TimeoutError;
using joblib::detail::ChildProcess;
using joblib::test::Child;
using joblib::test::children;
using joblib::test::FileTree;
using joblib::test::text_of_error;
using joblib::test::Watched;

namespace {

struct Unreadable {
  bool really = false;
};
struct Unwritable {
  bool really = false;
};

// Makes a task of each element.
template <class Function>
auto delayed_of(Function function) {
  return [function](int i) { return delayed(function)(i); };
}

// But workers that are kept, which end then.
bool leaves_no_process(const std::string& backend) {
  const std::size_t left = children().size();
  joblib::shutdown();
  return left <= (backend == "loky" ? 2 : 0) && children().empty();
}

// Has the ends of children go another way for its lifetime, than to who waits for them.
class ChildrenReaped {
 public:
  using Handler = void (*)(int);

  explicit ChildrenReaped(Handler handler) : before_(std::signal(SIGCHLD, handler)) {}
  ~ChildrenReaped() { std::signal(SIGCHLD, before_); }
  ChildrenReaped(const ChildrenReaped&) = delete;
  ChildrenReaped& operator=(const ChildrenReaped&) = delete;

 private:
  Handler before_;
};

void reap_all(int) {
  const int error = errno;
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  errno = error;
}

// Runs `function` in a thread with a stack of 64 KiB.
void run_in_small_thread(std::function<void()> function) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, 64 << 10) == 0);
  pthread_t thread{};
  const auto run = [](void* called) -> void* {
    (*static_cast<std::function<void()>*>(called))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, &function) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

constexpr bool sanitized = joblib::test::thread_sanitizer || joblib::test::address_sanitizer;

}  // namespace

template <>
struct joblib::pickler<Unwritable> {
  static bool to_state(const Unwritable& value) {
    if (value.really) throw std::runtime_error("unwritable");
    return false;
  }
  static Unwritable from_state(bool really) { return {really}; }
};

namespace {

const bool is_registered = [] {
  joblib::register_exception<Unwritable>();
  return true;
}();

}  // namespace

template <>
struct joblib::pickler<Unreadable> {
  static bool to_state(const Unreadable& value) { return value.really; }
  static Unreadable from_state(bool really) {
    if (really) throw std::out_of_range("unreadable");
    return {};
  }
};

namespace {

// The program long_call, in a process group of its own.
ChildProcess start_long_call(const std::string& backend, const FileTree& folder) {
  const pid_t id = ::fork();
  if (id == 0) {
    ::setpgid(0, 0);
    ::execl(JOBLIB_TEST_LONG_CALL, JOBLIB_TEST_LONG_CALL, backend.c_str(), folder.root().c_str(),
            nullptr);
    ::_exit(127);
  }
  return ChildProcess(id);
}

// Its workers, as soon as their tasks run.
std::vector<Watched> workers_of(const ChildProcess& caller, const FileTree& folder) {
  std::filesystem::create_directory(folder.root() / "workers");
  const auto workers = [&] {
    return std::filesystem::directory_iterator(folder.root() / "workers");
  };
  while (std::distance(workers(), {}) < 2 && !caller.has_ended()) std::this_thread::yield();
  std::vector<Watched> watched;
  for (const auto& worker : workers()) watched.emplace_back(std::stoi(worker.path().filename()));
  return watched;
}

}  // namespace

TEMPLATE_TEST_CASE("Numbers cross as they are, few or many", "", char, bool, float, double, int,
                   std::int64_t, std::uint64_t) {
  using Limits = std::numeric_limits<TestType>;
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  const int count = GENERATE(1, 8, 9, 100);
  CAPTURE(backend, count);
  std::vector<TestType> numbers(static_cast<std::size_t>(count), TestType(1));
  numbers.front() = Limits::max();
  numbers.back() = Limits::lowest();
  if (Limits::has_infinity) numbers.back() = Limits::infinity();
  Parallel parallel({.n_jobs = 2, .backend = backend, .batch_size = count});
  CHECK(parallel.map([](TestType number) { return number; }, numbers) == numbers);
}

TEST_CASE("The end of a process is the error of its tasks, and names its cause") {
  using End = void (*)();
  joblib::shutdown();
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  const auto [end, exit_code] = GENERATE(table<End, std::string>({
      {+[] { std::raise(SIGKILL); }, "SIGKILL(-9)"},
      {+[] {
         std::signal(SIGABRT, SIG_DFL);  // not the handler of the test program
         std::abort();
       },
       "SIGABRT(-6)"},
      {+[] { ::_exit(3); }, "EXIT(3)"},
      {+[] { ::_exit(0); }, "EXIT(0)"},
  }));
  CAPTURE(backend, exit_code);
  const auto task = [](int i, End function) {
    if (i == 3) function();
    return i;
  };
  const auto tasks = std::views::iota(0, 6) |
                     std::views::transform([&, end = end](int i) { return delayed(task)(i, end); });
  Parallel parallel({.n_jobs = 2, .backend = backend, .batch_size = 1});
  CHECK_THROWS_AS(parallel(tasks), TerminatedWorkerError);
  CHECK_THAT(text_of_error([&] { parallel(tasks); }),
             Catch::Contains(exit_code) &&
                 Catch::Matchers::EndsWith(" while it ran task 3 (counted from 0)"));
  const auto outcomes = parallel.outcomes(tasks);
  REQUIRE(outcomes.size() == 6);
  for (int i = 0; i < 6; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    if (i == 3) {
      CHECK_THROWS_AS(outcome.value(), TerminatedWorkerError);
    } else {
      CHECK(outcome.value() == i);
    }
  }
  CHECK(leaves_no_process(backend));
}

TEST_CASE("A process that hangs is killed when its time is over, and replaced") {
  joblib::shutdown();
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  CAPTURE(backend);
  const auto hang = [](int i) {
    while (i == 1) ::pause();
    return i;
  };
  Parallel parallel({.n_jobs = 2, .backend = backend, .timeout = std::chrono::milliseconds(100)});
  CHECK_THROWS_AS(parallel.map(hang, std::views::iota(0, 4)), TimeoutError);
  CHECK(parallel.map(hang, std::views::iota(2, 8)).size() == 6);
  CHECK(leaves_no_process(backend));
}

TEST_CASE("A process that closes its connection and hangs is killed when its time is over") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  CAPTURE(backend);
  const auto hang = [](int i) {
    ::close_range(3, ~0U, 0);
    for (;;) ::pause();
    return i;
  };
  Parallel parallel({.n_jobs = 2, .backend = backend, .timeout = std::chrono::milliseconds(100)});
  CHECK_THROWS_AS(parallel.map(hang, std::views::iota(0, 2)), std::runtime_error);
  CHECK(leaves_no_process(backend));
}

TEST_CASE("The end of a process is noticed where another one has its descriptors") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized) return;  // they replace fork
  CAPTURE(backend);
  const FileTree folder;
  const std::string fifo = (folder.root() / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto die = [](const std::string& name) {
    // Without the handlers of pthread_atfork; ends when somebody opens the other end.
    const pid_t heir = ::_Fork();
    if (heir == 0) ::_exit(::open(name.c_str(), O_RDONLY));
    if (heir > 0) std::raise(SIGKILL);
  };
  Parallel parallel({.n_jobs = 2, .backend = backend});
  CHECK_THROWS_AS(parallel.map(die, std::vector{fifo}), TerminatedWorkerError);
  const joblib::detail::FileDescriptor release(::open(fifo.c_str(), O_RDWR));
  CHECK(release.get() >= 0);
}

TEST_CASE("Tasks may change the rights of their process") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  CAPTURE(backend);
  const auto change = [](int) { return ::setegid(::getegid()); };
  CHECK(Parallel({.n_jobs = 2, .backend = backend}).map(change, std::vector{1, 2}) ==
        std::vector{0, 0});
}

TEST_CASE("Workers end with a process that has lost the right to kill them") {
  if (sanitized || ::geteuid() != 0) return;
  Child child([](Child&) {
    Parallel({.n_jobs = 2, .backend = "loky"}).map([](int) {}, std::vector{1, 2});
    if (::setresuid(65534, 65534, 65534) != 0) return false;
    joblib::shutdown();
    return true;
  });
  CHECK(child.ended_well());
}

TEST_CASE("A null pointer instead of a text is one in the task") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  CAPTURE(backend);
  const auto is_null = [](const char* text) { return text == nullptr; };
  const char* const none = nullptr;
  Parallel parallel({.n_jobs = 2, .backend = backend});
  CHECK(parallel(delayed(is_null)(none), delayed(is_null)("text")) == std::tuple(true, false));
}

TEST_CASE("What a pickler throws is the error of its task") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  CAPTURE(backend);
  const auto make = [](int i) { return Unwritable{i == 3}; };
  const auto outcomes =
      Parallel({.n_jobs = 2, .backend = backend, .batch_size = 6})
          .outcomes(std::views::iota(0, 6) | std::views::transform(delayed_of(make)));
  REQUIRE(outcomes.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(outcomes[i].has_value() == (i != 3));
  const auto fail = [](int i) { return i == 3 ? throw Unwritable{true} : i; };
  try {
    Parallel({.n_jobs = 2, .backend = backend, .batch_size = 6}).map(fail, std::views::iota(0, 6));
    FAIL("no error");
  } catch (const joblib::Error& error) {
    CHECK_THAT(error.what(), Catch::Matchers::Contains("unwritable"));
    const auto* const origin = dynamic_cast<const joblib::TaskOrigin*>(&error);
    REQUIRE(origin != nullptr);
    CHECK(origin->task() == 3);
  }
}

TEST_CASE("A process is killed when its call is stopped while it runs a task") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  CAPTURE(backend);
  const auto hang = [](const std::string& folder) {
    std::filesystem::create_directory(folder + '/' + std::to_string(::getpid()));
    for (;;) ::pause();
  };
  const FileTree folder;
  std::stop_source stop;
  std::vector<Watched> processes;
  const std::jthread stopper([&] {
    const auto running = [&] { return std::filesystem::directory_iterator(folder.root()); };
    while (std::distance(running(), {}) < 2) std::this_thread::yield();
    for (const auto& each : running()) processes.emplace_back(std::stoi(each.path().filename()));
    stop.request_stop();
  });
  Parallel parallel({.n_jobs = 2, .backend = backend, .batch_size = 1, .stop = stop.get_token()});
  const auto call = [&] { parallel.map(hang, std::vector(3, folder.root().string())); };
  CHECK_THROWS_AS(call(), joblib::Cancelled);
  REQUIRE(processes.size() == 2);
  for (const Watched& process : processes) CHECK(process.ends());
  const auto same = [](int i) { return i; };
  CHECK(Parallel({.n_jobs = 2, .backend = backend}).map(same, std::vector{5, 6}) ==
        std::vector{5, 6});
}

TEST_CASE("Outcomes keep the other results where one can't be sent") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  const auto batch_size = GENERATE(1, 3);
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  CAPTURE(backend, batch_size);
  // Texts are UTF-8 on their way.
  const auto text = [](int i) { return std::string(i == 3 ? "\xff" : "text"); };
  const auto outcomes =
      Parallel({.n_jobs = 2, .backend = backend, .batch_size = batch_size})
          .outcomes(std::views::iota(0, 6) | std::views::transform(delayed_of(text)));
  REQUIRE(outcomes.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    CAPTURE(i);
    if (i == 3) {
      CHECK_THROWS_AS(outcomes[i].value(), joblib::Error);
    } else {
      CHECK(outcomes[i].value() == "text");
    }
  }
}

TEST_CASE("Outcomes keep the other results where a task can't be sent, or not be read") {
  const auto sizes = [](const auto& function, const auto& argument) {
    const auto outcomes = Parallel({.n_jobs = 2, .backend = "loky", .batch_size = 1})
                              .outcomes(std::views::iota(0, 6) | std::views::transform([&](int i) {
                                          return delayed(function)(argument(i));
                                        }));
    std::vector<int> values;
    for (const auto& outcome : outcomes) values.push_back(outcome ? *outcome : -1);
    return values;
  };
  const std::vector<int> expected = {4, 4, 4, -1, 4, 4};
  CHECK(sizes([](const std::string& text) { return static_cast<int>(text.size()); },
              [](int i) { return std::string(i == 3 ? "\xff" : "text"); }) == expected);
  const auto four = [](Unreadable) { return 4; };
  CHECK(sizes(four, [](int i) { return Unreadable{i == 3}; }) == expected);
  try {
    Parallel({.n_jobs = 2, .backend = "loky", .batch_size = 1})
        .map(four, std::vector{Unreadable{}, Unreadable{}, Unreadable{true}});
    FAIL("no error");
  } catch (const std::out_of_range& error) {
    const auto* const origin = dynamic_cast<const joblib::TaskOrigin*>(&error);
    REQUIRE(origin != nullptr);
    CHECK(origin->task() == 2);
  }
}

TEST_CASE("Outcomes keep the other results where a worker hangs or is stopped") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  CAPTURE(backend);
  const auto task = [](int i) {
    if (i == 3) std::raise(SIGSTOP);
    while (i == 4) ::pause();
    return i;
  };
  const auto outcomes =
      Parallel({.n_jobs = 2, .backend = backend, .timeout = std::chrono::seconds(2)})
          .outcomes(std::views::iota(0, 8) |
                    std::views::transform([&](int i) { return delayed(task)(i); }));
  REQUIRE(outcomes.size() == 8);
  for (int i = 0; i < 8; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    if (i == 3 || i == 4) {
      CHECK_THROWS_AS(outcome.value(), TimeoutError);
    } else {
      CHECK(outcome.value() == i);
    }
  }
}

TEST_CASE("No worker and no file survives the caller, killed or interrupted from a terminal") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  const bool interrupted = GENERATE(false, true);
  CAPTURE(backend, interrupted);
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  const FileTree folder;
  ChildProcess caller = start_long_call(backend, folder);
  const std::vector<Watched> workers = workers_of(caller, folder);
  REQUIRE(workers.size() == 2);
  if (interrupted) {
    ::kill(-caller.id(), SIGINT);
  } else {
    caller.kill();
  }
  for (const Watched& worker : workers) CHECK(worker.ends(std::chrono::seconds(2)));
  CHECK(std::filesystem::is_empty(folder.root() / "arrays"));
  CHECK(caller.wait() == (interrupted ? "SIGINT(-2)" : "SIGKILL(-9)"));
}

TEST_CASE("Calls of both backends don't disturb each other") {
  if (sanitized) return;  // children may find locks held
  std::atomic<int> wrong = 0;
  std::jthread user([&](const std::stop_token& stop) {
    const auto same = [](int i) { return i; };
    for (int call = 0; !stop.stop_requested(); ++call) {
      const auto results = Parallel({.n_jobs = 2, .backend = "loky"}).map(same, std::vector{3, 4});
      if (results != std::vector{3, 4}) ++wrong;
      if (call % 20 == 19) joblib::shutdown();  // the next call starts workers
    }
  });
  const auto send = [](int i) {
    using Function = int (*)(int);
    const Function twice = [](int x) { return 2 * x; };
    const auto address = joblib::detail::code_address_of(reinterpret_cast<const void*>(twice));
    return address.module.empty() ? 0 : twice(i);
  };
  Parallel forking(
      {.n_jobs = 2, .backend = "multiprocessing", .timeout = std::chrono::seconds(20)});
  for (int i = 0; i < 300; ++i) {
    if (forking.map(send, std::vector{3, 4}) != std::vector{6, 8}) ++wrong;
  }
  user.request_stop();
  user.join();
  CHECK(wrong == 0);
}

TEST_CASE("Calls are right where standard streams are closed") {
  if (sanitized) return;  // children may find locks held
  const std::string backend = GENERATE("loky", "multiprocessing");
  const auto closed = GENERATE(std::vector{0}, std::vector{1}, std::vector{2}, std::vector{1, 2},
                               std::vector{0, 1, 2});
  CAPTURE(backend, closed);
  const auto talk = [](std::vector<double> values) {
    std::cout << "line\n";
    std::cerr << "error\n";
    values.front() += 1;
    return values;
  };
  const auto calls_are_right = [&] {
    const std::vector<double> values(300'000, 0.5);  // goes by shared memory
    std::vector<double> expected = values;
    expected.front() = 1.5;
    bool right = true;
    for (int i = 0; i < 3; ++i) {
      const auto results =
          Parallel({.n_jobs = 2, .backend = backend}).map(talk, std::vector(4, values));
      std::cout << "line" << std::endl;
      right = right && results == std::vector(4, expected);
    }
    // Else another thread's next pipe would be there, for a moment that its fork could see.
    const auto is_filled = [](int stream) { return ::fcntl(stream, F_GETFD) >= 0; };
    return right && std::ranges::all_of(closed, is_filled);
  };
  const int id = ::fork();
  if (id == 0) {
    ::alarm(60);
    for (const int stream : closed) ::close(stream);
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (const int stream : {1, 2}) {  // what stays open need not be seen
      if (std::ranges::find(closed, stream) == closed.end()) ::dup2(null, stream);
    }
    ::close(null);
    try {
      ::_exit(calls_are_right() ? 0 : 1);
    } catch (...) {
      ::_exit(2);
    }
  }
  CHECK(ChildProcess(id).wait() == "EXIT(0)");
}

TEST_CASE("Calls are right where the program ignores SIGCHLD or waits for all children itself") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  if (sanitized && backend == "multiprocessing") return;  // children may find locks held
  const bool handled = GENERATE(false, true);
  CAPTURE(backend, handled);
  joblib::shutdown();
  const ChildrenReaped guard(handled ? &reap_all : SIG_IGN);
  const auto same = [](int i) { return i; };
  for (int i = 0; i < 100; ++i) {
    Parallel parallel({.n_jobs = 2, .backend = backend, .batch_size = 1});
    REQUIRE(parallel.map(same, std::vector{1, 2, 3, 4}) == std::vector{1, 2, 3, 4});
    if (i % 20 == 0) joblib::shutdown();
  }
  const auto end = [](int i) { i == 1 ? ::_exit(3) : void(); };
  const auto call = [&] {
    Parallel({.n_jobs = 2, .backend = backend, .batch_size = 1}).map(end, std::vector{0, 1});
  };
  CHECK_THROWS_AS(call(), TerminatedWorkerError);
  if (!handled) CHECK_THAT(text_of_error(call), Catch::Contains("UNKNOWN(255)"));
  joblib::shutdown();
}

TEST_CASE("A thread with a small stack can call") {
  if (sanitized) return;  // they need more
  const std::string backend = GENERATE("loky", "multiprocessing");
  CAPTURE(backend);
  using Values = joblib::ndarray<double>;
  const auto next = [](const Values& values) {
    std::cout << "line\n";
    Values result({values.size()});
    std::ranges::transform(values, result.begin(), [](double value) { return value + 1; });
    return result;
  };
  std::vector<Values> results;
  joblib::test::Captured output(1);
  run_in_small_thread([&] {
    Parallel parallel({.n_jobs = 2, .backend = backend});
    const Values first = Values::adopt(std::vector<double>(300'000, 1));  // goes by shared memory
    results = parallel.map(next, std::vector(4, first));
    results = parallel.map(next, results);  // as mapped
  });
  CHECK(output.text().size() == 8 * std::string_view("line\n").size());
  REQUIRE(results.size() == 4);
  for (const Values& values : results) CHECK(values(0) == 3);
}
