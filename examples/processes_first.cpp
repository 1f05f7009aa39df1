#include <csignal>
#include <iostream>
#include <joblib/parallel.hpp>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <vector>

#include <unistd.h>

using joblib::delayed, joblib::Parallel;

// [pickler]
struct Fit {
  double slope;
  double intercept;
};

template <>
struct joblib::pickler<Fit> {
  static auto to_state(const Fit& fit) { return std::pair(fit.slope, fit.intercept); }
  static Fit from_state(const std::pair<double, double>& s) { return {s.first, s.second}; }
};
// [pickler]

// [exception]
struct NoConvergence : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// [exception]

void snapshot() {
  // [snapshot]
  std::vector<double> values(1000, 0.5);
  int calls = 0;
  const std::vector<double> sums =
      Parallel({.n_jobs = 2, .backend = "multiprocessing"})
          .map(
              [&](int i) {
                ++calls;  // in the child: lost
                return i * std::accumulate(values.begin(), values.end(), 0.0);
              },
              std::views::iota(0, 4));
  // [snapshot]
  std::cout << sums[3] << ' ' << calls << '\n';
}

void results() {
  // [results]
  const std::vector<Fit> fits = Parallel({.n_jobs = 2, .backend = "multiprocessing"})
                                    .map(
                                        [](int i) {
                                          return Fit{2.0 * i, 1};
                                        },
                                        std::views::iota(0, 4));
  // [results]
  std::cout << fits[3].slope << '\n';
}

void crash() {
  // [crash]
  const auto risky = [](int i) {
    if (i == 2) std::raise(SIGSEGV);
    return i * i;
  };
  const auto outcomes = Parallel({.n_jobs = 2, .backend = "multiprocessing", .batch_size = 1})
                            .outcomes(std::views::iota(0, 4) | std::views::transform([&](int i) {
                                        return delayed(risky)(i);
                                      }));
  for (const auto& outcome : outcomes) {
    try {
      std::cout << outcome.value() << '\n';
    } catch (const joblib::TerminatedWorkerError& error) {
      std::cout << error.what() << '\n';
    }
  }
  // [crash]
}

void errors() {
  // [errors]
  joblib::register_exception<NoConvergence>();
  const auto solve = [](int i) {
    if (i == 1) throw NoConvergence("no root after 50 steps");
    return i;
  };
  try {
    Parallel({.n_jobs = 2, .backend = "multiprocessing"}).map(solve, std::views::iota(0, 4));
  } catch (const NoConvergence& error) {
    std::cout << error.what();
    if (const auto* origin = dynamic_cast<const joblib::TaskOrigin*>(&error)) {
      std::cout << ", task " << origin->task() << " in another process: " << std::boolalpha
                << (origin->pid() != getpid()) << '\n';
    }
  }
  // [errors]
}

// [sendable]
double half(double x) { return x / 2; }

static_assert(joblib::sendable<decltype(delayed(half)(1.0))>);
// [sendable]

int main() {
  snapshot();
  results();
  crash();
  errors();
}
