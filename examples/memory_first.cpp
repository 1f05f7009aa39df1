// The results of an expensive function, kept for the next run of the program.

#include <cmath>
#include <iostream>
#include <joblib/memory.hpp>
#include <numeric>
#include <vector>

namespace features {

double costly(const std::vector<double>& data, int power) {
  std::cout << "computing\n";
  return std::accumulate(data.begin(), data.end(), 0.0,
                         [power](double sum, double x) { return sum + std::pow(x, power); });
}

}  // namespace features

int main() {
  const std::vector<double> data = {1, 2, 3};

  // [first]
  const joblib::Memory memory("cachedir", {.verbose = 0});
  const auto costly = memory.cache<features::costly>();

  std::cout << costly(data, 2) << '\n';  // computed, unless it is in the cache
  std::cout << costly(data, 2) << '\n';  // read back
  // [first]

  costly.clear();
}
