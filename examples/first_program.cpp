#include <cmath>
#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>
#include <vector>

using joblib::delayed, joblib::Parallel;

double root_of(int x) { return std::sqrt(x); }

int main() {
  const std::vector<double> roots =
      Parallel({.n_jobs = 2})(std::views::iota(0, 10) |
                              std::views::transform([](int i) { return delayed(root_of)(i * i); }));

  for (const double root : roots) std::cout << root << ' ';
  std::cout << '\n';
}
