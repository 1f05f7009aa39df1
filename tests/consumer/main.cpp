#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>
#include <vector>

int square(int x) { return x * x; }

int main() {
  using joblib::delayed, joblib::Parallel;

  const std::vector<int> squares = Parallel({.n_jobs = 2})(
      std::views::iota(0, 5) | std::views::transform([](int i) { return delayed(square)(i); }));
  for (int value : squares) std::cout << value << ' ';
  return squares == std::vector{0, 1, 4, 9, 16} ? 0 : 1;
}
