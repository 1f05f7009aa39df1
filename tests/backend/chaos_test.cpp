#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <ranges>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "core/file_tree.hpp"
#include "core/random_seed.hpp"
#include "joblib/parallel.hpp"
#include "joblib/process/worker_main.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "process/children.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::ParallelOptions;
using joblib::TerminatedWorkerError;
using joblib::TimeoutError;
using joblib::test::address_sanitizer;
using joblib::test::children;
using joblib::test::FileTree;
using joblib::test::open_descriptors;
using joblib::test::thread_sanitizer;
using joblib::test::Watched;

namespace {

// Not the handlers of the test program and of sanitizers.
void die_by(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

using Doubles = std::vector<double>;
using Array = joblib::ndarray<const double>;
constexpr std::size_t array_size = 200;    // elements of arrays
constexpr std::uint64_t max_nbytes = 800;  // so that they are shared

// The sums of two arrays' elements. One task in `rarity`, and one for sure, ends its worker, or
// stops it where there is a time-out.
Doubles live_or_die(std::uint64_t seed, std::uint64_t rarity, bool timed, std::uint64_t i,
                    const Array& own, const Array& common) {
  const std::uint64_t random = joblib::task_seed(seed, i);
  if (i == 7 || random % rarity == 0) {
    switch (random / rarity % (timed ? 5 : 4)) {
      case 0:
        die_by(SIGKILL);
        break;
      case 1:
        die_by(SIGSEGV);
        break;
      case 2:
        die_by(SIGABRT);
        break;
      case 3:
        std::_Exit(3);
      default:
        die_by(SIGSTOP);
        break;
    }
  }
  Doubles sums(array_size);
  std::ranges::transform(own, common, sums.begin(), std::plus());
  return sums;
}

// A process that is about to become a worker holds up the thread that starts it: stopped, it would
// do so for ever.
bool is_started(int worker) {
  std::ifstream file("/proc/" + std::to_string(worker) + "/environ");
  const std::string environment((std::istreambuf_iterator<char>(file)), {});
  return environment.find(joblib::detail::worker_mark) != std::string::npos;
}

// Signals workers at random moments, as long as the call makes progress.
class Killer {
 public:
  Killer(std::uint64_t seed, bool timed) : random_(seed), timed_(timed) {}

  void progress() {
    ++progress_;
    progress_.notify_one();
  }

 private:
  void kill_some(const std::stop_token& stop) {
    const std::stop_callback wake_up(stop, [this] { progress(); });
    while (!stop.stop_requested()) {
      const unsigned seen = progress_;
      for (unsigned i = below(1000); i > 0; --i) std::this_thread::yield();
      kill_one();
      for (unsigned rest = 1 + below(30), now = progress_; now - seen < rest; now = progress_) {
        if (stop.stop_requested()) return;
        progress_.wait(now);
      }
    }
  }

  void kill_one() {
    const std::set<int> workers = children();
    if (workers.empty()) return;
    const int victim = *std::next(workers.begin(), below(static_cast<unsigned>(workers.size())));
    const Watched process(victim);
    if (!children().contains(victim)) return;  // then, the id may be somebody else's
    const bool stops = timed_ && below(20) == 0 && is_started(victim);
    process.signal(stops ? SIGSTOP : SIGKILL);
    if (!stops) process.ends();
  }

  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }

  std::mt19937_64 random_;
  bool timed_;
  std::atomic<unsigned> progress_ = 0;
  std::jthread thread_{[this](const std::stop_token& stop) { kill_some(stop); }};
};

// How often this process has mapped what has such a name.
int maps_of(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  int found = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find(name) != std::string::npos) ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("Each task ends one way or the other while workers are killed at random") {
  struct Chaos {
    std::string backend;
    int tasks;
    std::uint64_t rarity;  // of tasks that end their worker
    bool in_files;         // arrays, not in memory
    ParallelOptions options;
  };
  const std::chrono::milliseconds timeout(thread_sanitizer || address_sanitizer ? 3000 : 300);
  const auto chaos = GENERATE_COPY(from_range(std::vector<Chaos>{
      {"loky", 10'000, 500, false, {.batch_size = 20}},
      {"loky", 10'000, 500, true, {.timeout = timeout}},
      {"multiprocessing", 2'000, 200, true, {.batch_size = 20}},
      {"multiprocessing", 500, 50, false, {.timeout = timeout}},
  }));
  const bool sanitized = thread_sanitizer || address_sanitizer;
  if (sanitized && chaos.backend == "multiprocessing") return;  // children may find locks held
  const int tasks = sanitized ? chaos.tasks / 10 : chaos.tasks;
  const bool timed = chaos.options.timeout.has_value();
  const std::uint64_t seed = joblib::test::random_seed();
  WARN("JOBLIB_TEST_SEED=" << seed);
  CAPTURE(chaos.backend, timed, chaos.in_files);
  joblib::shutdown();
  const FileTree folder;
  const auto descriptors = open_descriptors();
  const Array common = joblib::ndarray<double>::adopt(Doubles(array_size, 1));

  std::optional<Killer> killer(std::in_place, seed, timed);
  ParallelOptions options = chaos.options;
  options.n_jobs = 2;
  options.backend = chaos.backend;
  options.max_nbytes = max_nbytes;
  if (chaos.in_files) options.temp_folder = folder.root();
  options.on_progress = [&](const joblib::Progress&) {
    if (killer) killer->progress();
  };
  const auto outcomes = Parallel(options).outcomes(
      std::views::iota(0, tasks) | std::views::transform([&](int i) {
        return delayed(live_or_die)(seed, chaos.rarity, timed, static_cast<std::uint64_t>(i),
                                    joblib::ndarray<double>::adopt(Doubles(array_size, i)), common);
      }));
  killer.reset();

  REQUIRE(outcomes.size() == static_cast<std::size_t>(tasks));
  int values = 0;
  for (int i = 0; i < tasks; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    try {
      if (outcome.value() != Doubles(array_size, i + 1))
        FAIL("task " << i << " has a wrong result");
      ++values;
    } catch (const TerminatedWorkerError&) {
    } catch (const TimeoutError&) {
      if (!timed) FAIL("task " << i << " overran");
    }
  }
  CHECK(values > 0);
  CHECK(values < tasks);
  if (!timed) {  // else a worker may have been stopped since it was done
    const auto squares = [](int i) { return Doubles(array_size, i * i); };
    CHECK(Parallel(options).map(squares, std::vector{5, 6}) ==
          std::vector{Doubles(array_size, 25), Doubles(array_size, 36)});
  }
  joblib::shutdown();
  CHECK(children().empty());
  CHECK(open_descriptors() == descriptors);
  CHECK(maps_of("/memfd:joblib") == 0);
  CHECK(maps_of(folder.root()) == 0);
  CHECK(std::filesystem::is_empty(folder.root()));
}
