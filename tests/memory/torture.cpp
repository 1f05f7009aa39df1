// Processes that call, clear, limit and are killed, all on one folder: torture <seconds> [seed].
// Every result must be right, and nothing unreadable, unfinished or waiting may be left.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file_tree.hpp"
#include "core/sink_guard.hpp"
#include "joblib/memory.hpp"
#include "joblib/numpy/ndarray.hpp"
#include "joblib/store/local.hpp"
#include "joblib/store/two_tier.hpp"

namespace {

using namespace std::chrono_literals;
using joblib::LogLevel;
using joblib::Memory;
using Clock = std::chrono::steady_clock;

constexpr int n_processes = 8;
constexpr int n_threads = 8;
constexpr int n_keys = 16;
constexpr auto longest_call = 60s;

std::string text(int x) { return std::string(static_cast<std::size_t>(x) * 100, 'x'); }
std::vector<std::string> texts(int x) { return std::vector<std::string>(3, std::to_string(x)); }
joblib::ndarray<const double> array(int x) {
  return joblib::ndarray<double>::adopt(std::vector<double>(5'000, x));
}

// What the processes share with the first one.
struct Shared {
  std::array<std::array<std::atomic<std::uint64_t>, n_threads>, n_processes> calls;
  std::atomic<bool> ends;
};

[[noreturn]] void fail(const std::string& what) {
  std::cerr << what + '\n';
  ::_exit(1);
}

Memory packed_in(const std::string& location) {
  auto store = std::make_shared<joblib::TwoTierStore>(joblib::make_local_store(location),
                                                      joblib::ObjectLimits{.items = n_keys / 2});
  return Memory("", {.backend = std::move(store), .compress = true, .verbose = 0});
}

// Of all kinds: mapped, compressed with live objects in front, expiring.
struct Functions {
  explicit Functions(const Memory& memory, const Memory& packed)
      : texts_of(memory.cache("texts", texts)),
        text_of(memory.cache("text", text)),
        fresh_of(memory.cache("fresh", text, {.validate = joblib::expires_after(1s)})),
        packed_of(packed.cache("packed", text)),
        array_of(memory.cache("array", array, {.mmap_mode = joblib::MmapMode::r})) {}

  // Whether all of them are right.
  bool right(int x) const { return lasting_are_right(x) && fresh_of(x) == text(x); }
  bool lasting_are_right(int x) const {
    return texts_of(x) == texts(x) && text_of(x) == text(x) && packed_of(x) == text(x) &&
           array_of(x) == array(x);
  }

  joblib::MemorizedFunc<std::vector<std::string> (*)(int)> texts_of;
  joblib::MemorizedFunc<std::string (*)(int)> text_of;
  joblib::MemorizedFunc<std::string (*)(int)> fresh_of;
  joblib::MemorizedFunc<std::string (*)(int)> packed_of;
  joblib::MemorizedFunc<joblib::ndarray<const double> (*)(int)> array_of;
};

bool shelved_is_right(const Functions& functions, int x) {
  try {
    return functions.text_of.call_and_shelve(x).get() == text(x);
  } catch (const joblib::Error& error) {
    return error.code() == joblib::errc::not_found;  // cleared meanwhile
  }
}

bool step(const Memory& memory, const Functions& functions, std::minstd_rand& random) {
  const int x = static_cast<int>(random() % n_keys);
  switch (random() % 40) {
    case 0:
      memory.clear();
      return true;
    case 1:
      functions.text_of.clear();
      return true;
    case 2:
      memory.reduce_size({.items_limit = random() % 20});
      return true;
    case 3:
      for (const joblib::CacheEntry& entry : memory.entries()) {
        if (random() % 4 == 0) memory.remove(entry);
      }
      return true;
    case 4:
      return functions.text_of.call(x).value == text(x);
    case 5:
      return shelved_is_right(functions, x);
    default:
      return functions.right(x);
  }
}

void work(const std::string& location, int process, unsigned seed, Shared& shared) {
  joblib::set_log_sink([](const joblib::LogRecord& record) {
    if (record.level >= LogLevel::warning) fail("unexpected: " + std::string(record.text));
  });
  const Memory memory(location, {.verbose = 0, .limits = {.bytes_limit = "500K"}});
  const Functions functions(memory, packed_in(location));
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < n_threads; ++thread) {
    threads.emplace_back([&, thread] {
      std::minstd_rand random(seed + static_cast<unsigned>(thread));
      while (!shared.ends) {
        if (!step(memory, functions, random)) fail("a wrong result");
        ++shared.calls.at(static_cast<std::size_t>(process)).at(static_cast<std::size_t>(thread));
      }
    });
  }
}

// The first process, which starts the others, kills them, and watches that they go on.
class Torture {
 public:
  Torture(std::string location, unsigned seed) : location_(std::move(location)), random_(seed) {
    void* const page =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) fail("no shared memory");
    shared_ = new (page) Shared();
  }

  void run(std::chrono::seconds duration) {
    for (int i = 0; i < n_processes; ++i) start(i);
    const auto end = Clock::now() + duration;
    while (Clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 200));  // some calls
      const int victim = static_cast<int>(random_() % n_processes);
      stop(victim, SIGKILL);
      start(victim);
      watch();
    }
    shared_->ends = true;
    for (int i = 0; i < n_processes; ++i) stop(i, 0);
    std::cout << calls() << " steps, " << kills_ << " kills\n";
  }

 private:
  struct Worker {
    pid_t process = 0;
    std::array<std::uint64_t, n_threads> calls = {};
    std::array<Clock::time_point, n_threads> moved = {};
  };

  void start(int i) {
    const auto seed = static_cast<unsigned>(random_());
    const pid_t process = ::fork();
    if (process < 0) fail("fork failed");
    if (process == 0) {
      ::alarm(600);
      work(location_, i, seed, *shared_);
      ::_exit(0);
    }
    Worker& worker = workers_.at(static_cast<std::size_t>(i));
    worker.process = process;
    worker.moved.fill(Clock::now());
  }

  // A process that ended before, ended badly.
  void stop(int i, int signal) {
    const pid_t process = workers_.at(static_cast<std::size_t>(i)).process;
    if (signal != 0) ::kill(process, signal);
    kills_ += signal != 0 ? 1 : 0;
    int status = 0;
    const auto end = Clock::now() + longest_call;
    while (::waitpid(process, &status, WNOHANG) == 0) {
      if (Clock::now() > end) hang(i);
      std::this_thread::sleep_for(1ms);
    }
    const bool was_killed = signal != 0 && WIFSIGNALED(status) && WTERMSIG(status) == signal;
    if (status != 0 && !was_killed) {
      kill_all();
      fail("a process ended with status " + std::to_string(status));
    }
  }

  void watch() {
    const auto now = Clock::now();
    for (int i = 0; i < n_processes; ++i) {
      Worker& worker = workers_.at(static_cast<std::size_t>(i));
      for (std::size_t thread = 0; thread < n_threads; ++thread) {
        const std::uint64_t calls = shared_->calls.at(static_cast<std::size_t>(i)).at(thread);
        if (std::exchange(worker.calls.at(thread), calls) != calls) worker.moved.at(thread) = now;
        if (now - worker.moved.at(thread) > longest_call) hang(i);
      }
    }
  }

  [[noreturn]] void hang(int i) {
    std::cerr << "process " << workers_.at(static_cast<std::size_t>(i)).process << " hangs\n";
    if (std::getenv("JOBLIB_TORTURE_WAIT") != nullptr) ::pause();  // for a debugger
    kill_all();
    fail("a call hangs");
  }

  void kill_all() {
    for (const Worker& worker : workers_) ::kill(worker.process, SIGKILL);
  }

  std::uint64_t calls() const {
    std::uint64_t sum = 0;
    for (const auto& process : shared_->calls) {
      for (const auto& thread : process) sum += thread;
    }
    return sum;
  }

  std::string location_;
  std::minstd_rand random_;
  Shared* shared_ = nullptr;
  std::array<Worker, n_processes> workers_ = {};
  int kills_ = 0;
};

// A new start finds entries that can be read, and no temporary files.
void check_what_is_left(const std::string& location) {
  const joblib::test::SinkGuard guard([](const joblib::LogRecord& record) {
    if (record.level >= LogLevel::warning) fail("afterwards: " + std::string(record.text));
  });
  const Memory memory(location, {.verbose = 0});
  const Memory packed = packed_in(location);
  for (const auto& file : std::filesystem::directory_iterator(location + "/joblib/.tmp"))
    fail("left: " + file.path().string());
  const Functions functions(memory, packed);
  for (int x = 0; x < n_keys; ++x) {
    if (!functions.right(x)) fail("a wrong result afterwards");
  }
  const auto misses = [&] { return memory.stats().misses + packed.stats().misses; };
  const auto before = misses();
  for (int x = 0; x < n_keys; ++x) functions.lasting_are_right(x);
  if (misses() != before) fail("a result is not kept");
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 10;
  const unsigned seed =
      argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : std::random_device()();
  std::cout << "seed " << seed << std::endl;
  const joblib::test::FileTree folder;
  Torture(folder.root(), seed).run(std::chrono::seconds(seconds));
  check_what_is_left(folder.root());
}
