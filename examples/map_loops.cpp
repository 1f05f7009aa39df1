// Parallel loops: one function for all elements of a range, without a task object for each.

#include <cctype>
#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>
#include <string>
#include <vector>

using joblib::Parallel;

// [collatz]
int collatz_steps(long n) {
  int steps = 0;
  for (; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  return steps;
}
// [collatz]

int main() {
  // [map]
  Parallel parallel({.n_jobs = 2});
  const std::vector<int> steps = parallel.map(collatz_steps, std::views::iota(1L, 100'000L));
  // [map]
  std::cout << "27 takes " << steps[26] << " steps\n";

  // [in_place]
  std::vector<std::string> words = {"plain", "old", "strings"};
  parallel.map([](std::string& word) { word[0] = static_cast<char>(std::toupper(word[0])); },
               words);
  // [in_place]
  for (const std::string& word : words) std::cout << word << ' ';
  std::cout << '\n';

  // [index]
  const std::vector<double> heights = {1.5, 4.0, 2.5, 6.0};
  const std::vector<double> slopes =
      parallel.map([&](std::size_t i) { return heights[i + 1] - heights[i]; },
                   std::views::iota(std::size_t{0}, heights.size() - 1));
  // [index]
  for (const double slope : slopes) std::cout << slope << ' ';
  std::cout << '\n';
}
