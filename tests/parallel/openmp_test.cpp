// What inner_max_num_threads does to OpenMP, whose own functions are called here.
#include <omp.h>

#include <barrier>
#include <vector>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/backends.hpp"

using joblib::Parallel;
using joblib::test::BackendCase;
using joblib::test::backends;

namespace {

int team_size(int /*task*/) {
  int size = 0;
#pragma omp parallel
  {
#pragma omp master
    size = omp_get_num_threads();
  }
  return size;
}

int max_threads(int /*task*/) { return omp_get_max_threads(); }

// Where its parent has used GNU's OpenMP, a forked process hangs in it.
std::vector<BackendCase> backends_without_forks() {
  std::vector<BackendCase> found = backends();
  std::erase_if(found, [](const BackendCase& each) { return each.name == "multiprocessing"; });
  return found;
}

}  // namespace

TEST_CASE("inner_max_num_threads limits OpenMP inside of each task and nowhere else") {
  const BackendCase backend = GENERATE(from_range(backends_without_forks()));
  const int limit = GENERATE(1, 2, 3);
  CAPTURE(backend.name, limit);
  const int here = omp_get_max_threads();
  const std::vector<int> tasks(20);
  Parallel unlimited(backend.with({.batch_size = 1}));
  const std::vector<int> before = unlimited.map(max_threads, tasks);
  Parallel parallel(backend.with({.batch_size = 1, .inner_max_num_threads = limit}));
  CHECK(parallel.map(max_threads, tasks) == std::vector<int>(20, limit));
  CHECK(parallel.map(team_size, tasks) == std::vector<int>(20, limit));
  CHECK(omp_get_max_threads() == here);
  CHECK_THROWS_AS(parallel.map([](int) { throw 1; }, tasks), int);
  CHECK(omp_get_max_threads() == here);
  CHECK(unlimited.map(max_threads, tasks) == before);
}

TEST_CASE("inner_max_num_threads can come from the configuration") {
  const joblib::parallel_config guard({.n_jobs = 2, .inner_max_num_threads = 1});
  CHECK(Parallel().map(max_threads, std::vector<int>(5)) == std::vector<int>(5, 1));
  CHECK(Parallel({.inner_max_num_threads = 2}).map(max_threads, std::vector<int>(5)) ==
        std::vector<int>(5, 2));
}

TEST_CASE("inner_max_num_threads holds for the calls inside of a task too") {
  const auto outer = [](int) {
    std::barrier meeting(2);  // a thread of its own for each task
    const auto inner = [&](int task) {
      meeting.arrive_and_wait();
      return max_threads(task);
    };
    return Parallel({.n_jobs = 2, .batch_size = 1}).map(inner, std::vector<int>(2));
  };
  const int n_jobs = GENERATE(1, 2);
  Parallel parallel({.n_jobs = n_jobs, .inner_max_num_threads = 1});
  for (const std::vector<int>& seen : parallel.map(outer, std::vector{1, 2}))
    CHECK(seen == std::vector{1, 1});
}
