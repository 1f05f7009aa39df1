#include <joblib/parallel.hpp>
#include <ranges>
#include <vector>

extern "C" int run_tasks() {
  const auto squares = joblib::Parallel({.n_jobs = 2, .backend = "loky"})
                           .map([](int i) { return i * i; }, std::views::iota(0, 4));
  return squares == std::vector{0, 1, 4, 9} ? 0 : 1;
}
