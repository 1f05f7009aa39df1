// error: BatchSize
#include "joblib/parallel.hpp"

int main() {
#ifdef JOBLIB_CONTROL
  const joblib::ParallelOptions options{.batch_size = 1};
#else
  const joblib::ParallelOptions options{.batch_size = true};
#endif
  joblib::Parallel(options).map([](int) {}, std::vector{1});
}
