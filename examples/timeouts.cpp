// A limit for the time of each task.

#include <chrono>
#include <iostream>
#include <joblib/joblib.hpp>
#include <stop_token>
#include <vector>

using joblib::Parallel;
using namespace std::chrono_literals;

// [search]
// Looks for an odd perfect number above 10^9 until it is told to stop.
long search(std::stop_token stop, long offset) {
  for (long n = 1'000'000'001 + offset; !stop.stop_requested(); n += 4) {
    long sum = 1;
    for (long d = 3; d * d <= n; d += 2) {
      if (n % d == 0) sum += d * d == n ? d : d + n / d;
    }
    if (sum == n) return n;
  }
  return 0;
}
// [search]

int main() {
  // [timeout]
  try {
    Parallel({.n_jobs = 2, .timeout = 50ms}).map(search, std::vector{0L, 2L});
  } catch (const joblib::TimeoutError& error) {
    std::cout << error.what() << '\n';
  }
  // [timeout]
}
