// A program that is no worker, for its main doesn't begin with worker_main: its own functions can't
// be tasks. Prints why.

#include <cstdio>
#include <vector>

#include "joblib/parallel.hpp"

namespace {

int twice(int x) { return 2 * x; }

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): in place of that of
// joblib_main
extern "C" int __real_main(int argc, char** argv, char** environment);
extern "C" int __wrap_main(int argc, char** argv, char** environment);
extern "C" int __wrap_main(int argc, char** argv, char** environment) {
  return __real_main(argc, argv, environment);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

int main() {
  try {
    joblib::Parallel({.n_jobs = 2, .backend = "loky"}).map(twice, std::vector{1, 2});
  } catch (const joblib::Error& error) {
    std::puts(error.what());
  }
  return 0;
}
