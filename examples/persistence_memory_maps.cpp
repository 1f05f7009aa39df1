// Arrays, and arrays that stay in their file.

#include <cstdint>
#include <iostream>
#include <joblib/numpy/xtensor.hpp>
#include <joblib/persistence.hpp>
#include <map>
#include <string>
#include <utility>
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>

using joblib::MmapMode, joblib::ndarray;

int main() {
  // [arrays]
  ndarray<double> grid({1000, 200});  // zeros
  for (int i = 0; i < 1000; ++i) grid(i, 0) = i;
  const xt::xtensor<std::int32_t, 2> labels = xt::ones<std::int32_t>({1000, 1});
  joblib::dump(std::pair(grid, labels), "arrays.pkl");

  using Arrays = std::pair<xt::xtensor<double, 2>, ndarray<const std::int64_t>>;
  const auto [values, wide_labels] = joblib::load<Arrays>("arrays.pkl");
  // [arrays]
  std::cout << values.shape(0) << " rows, label " << wide_labels(0, 0) << '\n';

  // [map]
  joblib::dump(std::map<std::string, ndarray<double>>{{"grid", grid}}, "grid.pkl");

  const auto file = joblib::load<std::map<std::string, ndarray<const double>>>(
      "grid.pkl", {.mmap_mode = MmapMode::r});
  const ndarray<const double> mapped = file.at("grid");  // nothing has been read yet
  std::cout << "mapped: " << std::boolalpha << mapped.mapped() << ", " << mapped(999, 0) << '\n';
  // [map]

  // [write]
  using Writable = std::map<std::string, ndarray<double>>;
  auto in_file = joblib::load<Writable>("grid.pkl", {.mmap_mode = MmapMode::r_plus}).at("grid");
  in_file(999, 0) = -1;
  in_file.flush();
  auto private_copy = joblib::load<Writable>("grid.pkl", {.mmap_mode = MmapMode::c}).at("grid");
  private_copy(0, 0) = 1e6;  // the file keeps its value
  // [write]

  // [views]
  const auto view = joblib::as_xtensor(mapped);  // nothing is copied
  std::cout << "the sum is " << xt::sum(view)() << '\n';
  // [views]
}
