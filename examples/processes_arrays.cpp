#include <algorithm>
#include <cmath>
#include <iostream>
#include <joblib/parallel.hpp>
#include <numeric>
#include <ranges>
#include <span>
#include <vector>

using joblib::delayed, joblib::ndarray, joblib::Parallel;

// [sum]
double sum(std::span<const double> values, std::size_t begin, std::size_t end) {
  return std::accumulate(values.begin() + begin, values.begin() + end, 0.0);
}
// [sum]

// [roots]
ndarray<double> roots(const ndarray<const double>& values) {
  ndarray<double> result({values.size()});
  std::ranges::transform(values, result.begin(), [](double x) { return std::sqrt(x); });
  return result;
}
// [roots]

int main() {
  // [span]
  const std::vector<double> values(10'000'000, 0.5);  // 80 MB, which is written once
  Parallel parallel({.n_jobs = 2, .backend = "loky"});
  const std::vector<double> sums =
      parallel(std::views::iota(0, 100) | std::views::transform([&](int i) {
                 const std::size_t size = values.size() / 100;
                 return delayed(sum)(std::span<const double>(values), i * size, (i + 1) * size);
               }));
  std::cout << std::reduce(sums.begin(), sums.end()) << '\n';
  // [span]

  // [ndarray]
  const auto squares = ndarray<double>::adopt(std::vector<double>(1'000'000, 16));
  const auto [result] = parallel(delayed(roots)(squares));
  std::cout << result(0) << '\n';
  // [ndarray]
}
