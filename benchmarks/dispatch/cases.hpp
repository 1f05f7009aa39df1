#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "../measure.hpp"

/// The cases that every contender runs, each through a `call` of its own. A program runs the one
/// case named on its command line; a contender that has nothing for a case prints nothing.
namespace bench {

inline constexpr int n_jobs = 2;

/// Empty, but called for each element: no compiler removes or merges the calls.
inline void nothing(int i) { asm volatile("" : : "r"(i)); }

inline double square(double x) { return x * x; }

/// Returns its argument, by a way that no compiler sees through.
inline int echo(int i) {
  asm volatile("" : "+r"(i));
  return i;
}

/// Keeps one core busy without touching memory; the time is proportional to `steps`.
[[gnu::noinline]] inline std::uint64_t busy(std::uint64_t seed, std::uint64_t steps) {
  std::uint64_t x = seed + 88172645463325252u;
  for (; steps > 0; --steps) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return x;
}

inline void require(bool condition, std::string_view contender) {
  if (condition) return;
  std::cerr << contender << ": wrong result\n";
  std::exit(1);
}

class Cases {
 public:
  Cases(int argc, char** argv) {
    if (argc != 2) {
      std::cerr << "usage: " << argv[0] << " CASE\n";
      std::exit(2);
    }
    name_ = argv[1];
  }

  /// call(n): nothing(i) for i in [0, n). Reports ns per element.
  template <typename Call>
  void map_empty(const char* contender, Call call) const {
    if (name_ != "map_empty") return;
    const int n = 1'000'000;
    report(name_, contender, per_item(n, time_calls(1001, [&] { call(n); })));
  }

  /// call(values) -> std::vector<double>: square of each, a new vector by each call. ns per
  /// element.
  template <typename Call>
  void map_square(const char* contender, Call call) const {
    if (name_ != "map_square") return;
    std::vector<double> values(1'000'000);
    std::iota(values.begin(), values.end(), 0.0);
    std::vector<double> squares;
    auto seconds = time_calls(
        501, [&] { return call(std::as_const(values)); }, squares);
    for (std::size_t i = 0; i < values.size(); ++i) {
      require(squares[i] == square(values[i]), contender);
    }
    report(name_, contender, per_item(values.size(), seconds));
  }

  /// call(n) -> std::vector<int>: echo(i) for i in [0, n), each a task of its own. ns per task.
  template <typename Call>
  void tasks(const char* contender, Call call) const {
    if (name_ != "tasks") return;
    const int n = 100'000;
    std::vector<int> results;
    auto seconds = time_calls(
        51, [&] { return call(n); }, results);
    for (int i = 0; i < n; ++i) require(results[i] == i, contender);
    report(name_, contender, per_item(n, seconds));
  }

  /// call(n, steps) -> std::vector<std::uint64_t>: busy(i, steps) for i in [0, n), each a task.
  /// Reports the efficiency on two cores: time of all tasks in one thread / (2 * time of the call);
  /// the same for two plain threads with half of the tasks each, which is what the machine allows;
  /// and the ratio of both.
  template <typename Call>
  void efficiency(const char* contender, Call call) const {
    if (name_ == "efficiency_100us") efficiency(contender, call, 2000, 100e-6);
    if (name_ == "efficiency_10ms") efficiency(contender, call, 40, 10e-3);
  }

  /// call() -> std::pair<int, int>: echo(0) and echo(1) as two tasks. us per call, back to back or
  /// each after a pause of 1 ms.
  template <typename Call>
  void two_tasks(const char* contender, Call call) const {
    if (name_ != "call_warm" && name_ != "call_after_pause") return;
    const bool pause = name_ == "call_after_pause";
    std::vector<double> microseconds;
    for (int i = -100; i < (pause ? 1000 : 10'000); ++i) {
      if (pause) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      std::pair<int, int> results;
      const double t = time_call([&] { results = call(); });
      require(results == std::pair(0, 1), contender);
      if (i >= 0) microseconds.push_back(t * 1e6);
    }
    report(name_, contender, microseconds);
  }

  /// call(n, consume): consume(echo(i)) for i in [0, n) in order, while later tasks run; not all of
  /// them can be held in memory. Reports ns per task, and by how many bytes the peak of resident
  /// memory grew after the first 1e5 results.
  template <typename Call>
  void lazy(const char* contender, Call call) const {
    if (name_ == "lazy_1e7") lazy(contender, call, 10'000'000);
    if (name_ == "lazy_1e8") lazy(contender, call, 100'000'000);
  }

 private:
  template <typename Call>
  void efficiency(const char* contender, Call call, int n, double task_seconds) const {
    const std::uint64_t trial = 10'000'000;
    std::uint64_t sink = busy(1, trial);
    const double trial_seconds = time_call([&] { sink += busy(2, trial); });
    const auto steps = static_cast<std::uint64_t>(task_seconds / trial_seconds * trial);

    std::vector<std::uint64_t> expected(n), results(n);
    const auto run = [steps](std::vector<std::uint64_t>& out, int first, int last) {
      for (int i = first; i < last; ++i) out[i] = busy(i, steps);
    };
    const auto alone = [&] { return time_call([&] { run(expected, 0, n); }); };
    std::vector<double> efficiencies, limits, ratios;
    for (int repetition = -1; repetition < 5; ++repetition) {
      const double before = alone();
      const double limit = time_call([&] {
        std::thread other(run, std::ref(results), 0, n / 2);
        run(results, n / 2, n);
        other.join();
      });
      const double wall = time_call([&] { results = call(n, steps); });
      const double serial = (before + alone()) / 2;
      require(results == expected, contender);
      if (repetition < 0) continue;
      efficiencies.push_back(serial / (2 * wall));
      limits.push_back(serial / (2 * limit));
      ratios.push_back(limit / wall);
    }
    require(sink != 0, contender);
    report(name_, contender, efficiencies);
    report(name_ + "_limit", contender, limits);
    report(name_ + "_of_limit", contender, ratios);
  }

  template <typename Call>
  void lazy(const char* contender, Call call, int n) const {
    int read = 0;
    bool in_order = true;
    double early_peak = 0;
    const double seconds = time_call([&] {
      call(n, [&](int result) {
        in_order = in_order && result == read;
        if (++read == 100'000) early_peak = peak_resident_bytes();
      });
    });
    require(in_order && read == n, contender);
    report(name_, contender, per_item(n, {seconds}));
    report(name_ + "_growth", contender, {peak_resident_bytes() - early_peak});
  }

  std::string name_;
};

}  // namespace bench
