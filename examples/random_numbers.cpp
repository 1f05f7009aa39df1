// Random numbers that don't depend on the number of workers.

#include <cstdint>
#include <iostream>
#include <joblib/joblib.hpp>
#include <numeric>
#include <random>
#include <ranges>
#include <vector>

using joblib::Parallel;

// [pi]
double estimate_pi(std::uint64_t seed, int n_jobs) {
  auto points_in_circle = [seed](std::uint64_t task) {
    std::mt19937_64 random(joblib::task_seed(seed, task));
    std::uniform_real_distribution<double> coordinate(-1, 1);
    int inside = 0;
    for (int i = 0; i < 10'000; ++i) {
      const double x = coordinate(random);
      const double y = coordinate(random);
      if (x * x + y * y <= 1) ++inside;
    }
    return inside;
  };
  const std::vector<int> inside =
      Parallel({.n_jobs = n_jobs})
          .map(points_in_circle, std::views::iota(std::uint64_t{0}, std::uint64_t{100}));
  return 4.0 * std::reduce(inside.begin(), inside.end()) / 1'000'000;
}
// [pi]

int main() {
  const double pi = estimate_pi(2024, 1);
  std::cout << "pi is about " << pi << '\n';
  std::cout << (estimate_pi(2024, 3) == pi ? "the same with 3 jobs\n"
                                           : "another one with 3 jobs\n");
}
