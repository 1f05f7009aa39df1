// error: must be callable as const
#include "joblib/parallel.hpp"

int main() {
  const std::vector<int> values{1, 2, 3};
#ifdef JOBLIB_CONTROL
  joblib::Parallel().map([](int i) { return i; }, values);
#else
  joblib::Parallel().map([n = 0](int i) mutable { return n += i; }, values);
#endif
}
