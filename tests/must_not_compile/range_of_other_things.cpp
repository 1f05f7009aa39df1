// error: Parallel takes tasks
#include "joblib/parallel.hpp"

int main() {
#ifdef JOBLIB_CONTROL
  const auto task = joblib::delayed([](int i) { return i; })(1);
  joblib::Parallel()(std::vector{task, task});
#else
  joblib::Parallel()(std::vector{1, 2});
#endif
}
