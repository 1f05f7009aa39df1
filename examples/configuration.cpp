// Defaults for the calls of a scope, and what the number of jobs comes to.

#include <iostream>
#include <joblib/joblib.hpp>
#include <numeric>
#include <ranges>
#include <vector>

using joblib::Parallel;

// [library]
// Part of a library: leaves it to its user how many jobs run.
int sum_of_squares(int n) {
  const std::vector<int> squares =
      Parallel().map([](int i) { return i * i; }, std::views::iota(0, n));
  return std::reduce(squares.begin(), squares.end());
}
// [library]

int main() {
  // [scope]
  {
    const joblib::parallel_config outer({.n_jobs = 4, .backend = "threading"});
    std::cout << sum_of_squares(10) << " by " << joblib::effective_n_jobs({}) << " jobs\n";
    {
      const joblib::parallel_config inner({.n_jobs = 2});  // the backend stays
      std::cout << sum_of_squares(10) << " by " << joblib::effective_n_jobs({}) << " jobs\n";
    }
  }
  std::cout << sum_of_squares(10) << " by " << joblib::effective_n_jobs({}) << " job\n";
  // [scope]

  // [n_jobs]
  std::cout << (joblib::effective_n_jobs(-1) == joblib::cpu_count() ? "-1: all cores\n" : "");
  std::cout << "3: " << joblib::effective_n_jobs(3) << ", however many cores there are\n";
  // [n_jobs]
}
