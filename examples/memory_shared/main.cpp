// One cache for Python and C++: features.py caches the same function.

#include <cmath>
#include <cstdint>
#include <iostream>
#include <joblib/memory.hpp>

namespace {

std::int64_t costly(std::int64_t x, int power) {
  std::cout << "C++ computes " << x << " ** " << power << '\n';
  return static_cast<std::int64_t>(std::pow(x, power));
}

}  // namespace

int main(int argc, char** argv) {
  // [shared]
  const joblib::Memory memory(argc > 1 ? argv[1] : "cachedir", {.verbose = 0});
  const auto cached =
      memory.cache("features/costly", costly, {.args = {"x", "power"}, .version = ""});
  // [shared]
  std::int64_t sum = 0;
  for (const int x : {0, 1, 2, 3, 4, 5}) sum += cached(x, 2);
  std::cout << "sum " << sum << '\n';
}
