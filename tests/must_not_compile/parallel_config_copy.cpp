// error: (deleted|implicitly-deleted)
#include "joblib/parallel.hpp"

int main() {
  const joblib::parallel_config guard({.n_jobs = 2});
#ifndef JOBLIB_CONTROL
  const joblib::parallel_config other = guard;
#endif
}
