// error: a lambda or object has no name to keep its results under
#include "joblib/memory.hpp"

int main() {
  const joblib::Memory memory(std::nullopt);
  const auto square = [](int x) { return x * x; };
#ifdef JOBLIB_CONTROL
  return memory.cache("square", square)(0);
#else
  memory.cache(square);
#endif
}
