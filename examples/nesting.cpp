// Parallel calls inside of tasks share the cores instead of multiplying the threads.

#include <iostream>
#include <joblib/joblib.hpp>
#include <numeric>
#include <ranges>
#include <vector>

using joblib::Parallel;

// [inner]
int row_sum(int row) {
  // Inside of a task, all cores are those that the outer call left to it.
  const std::vector<int> products =
      Parallel({.n_jobs = -1})
          .map([row](int column) { return row * column; }, std::views::iota(1, 11));
  return std::reduce(products.begin(), products.end());
}
// [inner]

// [levels]
int jobs(int /*task*/) { return joblib::effective_n_jobs(4); }

int jobs_in_a_task(int /*task*/) {
  return Parallel({.n_jobs = 2}).map(jobs, std::views::iota(0, 2)).front();
}

int jobs_in_a_task_of_a_task() {
  return Parallel({.n_jobs = 2}).map(jobs_in_a_task, std::views::iota(0, 2)).front();
}
// [levels]

int main() {
  // [outer]
  const std::vector<int> sums = Parallel({.n_jobs = 2}).map(row_sum, std::views::iota(1, 11));
  // [outer]
  std::cout << "all products sum up to " << std::reduce(sums.begin(), sums.end()) << '\n';
  std::cout << "n_jobs = 4 is " << jobs(0) << " jobs, in a task " << jobs_in_a_task(0)
            << ", in a task of a task " << jobs_in_a_task_of_a_task() << '\n';
}
