#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>
#include <vector>

int square(int x) { return x * x; }

int main() {
  using joblib::delayed, joblib::Parallel;

  const std::vector<int> squares = Parallel({.n_jobs = 2})(
      std::views::iota(0, 5) | std::views::transform([](int i) { return delayed(square)(i); }));
  const joblib::bytes file = joblib::dumps(squares, {.compress = "xz"});
  const auto loaded = joblib::loads<std::vector<int>>(file);
  if (Parallel({.n_jobs = 2, .backend = "loky"}).map(square, loaded).back() != 256) return 1;
  for (int value : loaded) std::cout << value << ' ';
  return loaded == std::vector{0, 1, 4, 9, 16} ? 0 : 1;
}
