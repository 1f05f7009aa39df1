// Results read one by one, while later tasks are still running.

#include <cstdint>
#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>

using joblib::delayed, joblib::Parallel;

// [slow]
std::uint64_t triangle(std::uint64_t n) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 1; i <= n; ++i) sum += i;
  return sum;
}
// [slow]

int main() {
  Parallel parallel({.n_jobs = 2});

  // [ordered]
  for (auto&& result :
       parallel.generator(std::views::iota(1U, 6U) | std::views::transform(delayed(triangle)))) {
    std::cout << result << ' ';
  }
  // [ordered]
  std::cout << '\n';

  // [unordered]
  std::uint64_t sum = 0;
  for (auto&& result : parallel.generator_unordered(std::views::iota(1U, 6U) |
                                                    std::views::transform(delayed(triangle)))) {
    sum += result;  // whichever is ready first
  }
  // [unordered]
  std::cout << "sum " << sum << '\n';

  // [leaving]
  auto triangles = std::views::iota(1U) | std::views::transform(delayed(triangle));  // endless
  for (auto&& result : parallel.generator(triangles)) {
    if (result > 1000) {
      std::cout << "the first above 1000 is " << result << '\n';
      break;  // drops the tasks not yet started and waits for the running ones
    }
  }
  // [leaving]
}
