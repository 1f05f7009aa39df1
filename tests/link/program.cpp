// Sends tasks of every kind to workers. Linked in many ways, see CMakeLists.txt.

#include <cstdio>
#include <string>

#include <unistd.h>

#include "joblib/parallel.hpp"
#include "library.hpp"

namespace {

int process() { return getpid(); }

}  // namespace

int main() {
  using joblib::delayed;
  joblib::Parallel parallel({.n_jobs = 2, .backend = "loky"});
  const auto [worker, sum, size, product] =
      parallel(delayed(process)(), delayed([](int a, int b) { return a + b; })(2, 3),
               delayed(&std::string::size)(std::string("text")), delayed(multiply)(6, 7));
  std::printf("%d %zu %d\n", sum, size, product);
  return worker != getpid() && sum == 5 && size == 4 && product == 42 ? 0 : 1;
}
