// error: can't be called with these arguments
#include "joblib/parallel.hpp"

int main() {
  const auto add = [](int& sum, int i) { sum += i; };
  int sum = 0;
#ifdef JOBLIB_CONTROL
  joblib::Parallel()(joblib::delayed(add)(std::ref(sum), 1));
#else
  joblib::Parallel()(joblib::delayed(add)(sum, 1));
#endif
}
