// A library with tasks, which hosts load that know nothing of joblib. Its function returns 0 if all
// is well, else what isn't is printed.

#include <cstdio>
#include <numeric>
#include <ranges>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

#include "joblib/parallel.hpp"
#include "link/library.hpp"

namespace {

using joblib::delayed;
using joblib::Parallel;

int failures = 0;

void check(bool condition, const char* what) {
  if (condition) return;
  std::printf("not true: %s\n", what);
  ++failures;
}

int initialized = 0;
void initialize() { initialized = 1; }

int process(int) { return initialized == 1 ? getpid() : 0; }

int sum_of_squares(int n) {
  const auto squares = Parallel({.n_jobs = 2, .backend = "loky"})
                           .map([](int i) { return i * i; }, std::views::iota(0, n));
  return std::accumulate(squares.begin(), squares.end(), 0);
}

}  // namespace

extern "C" int run_tasks() {
  try {
    Parallel parallel(
        {.n_jobs = 2, .backend = "loky", .backend_options = {{"initializer", initialize}}});
    const std::vector<int> processes = parallel.map(process, std::views::iota(0, 20));
    check(!std::set(processes.begin(), processes.end()).contains(getpid()), "tasks run elsewhere");
    check(!std::set(processes.begin(), processes.end()).contains(0), "workers are initialized");
    const auto [product, size] =
        parallel(delayed(multiply)(6, 7), delayed(&std::string::size)(std::string("text")));
    check(product == 42, "a function of another library is called");
    check(size == 4, "a member function is called");
    const auto [sum] = parallel(delayed(sum_of_squares)(4));
    check(sum == 14, "a worker has workers");
  } catch (const std::exception& error) {
    check(false, error.what());
  }
  return failures;
}
