// Keeps OpenMP from starting its own threads inside of each task.

#include <omp.h>

#include <algorithm>
#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>
#include <vector>

using joblib::Parallel;

// [task]
int openmp_threads(int /*task*/) {
  int threads = 0;
#pragma omp parallel reduction(+ : threads)
  threads += 1;
  return threads;
}
// [task]

int main() {
  // [limit]
  const std::vector<int> threads = Parallel({.n_jobs = 2, .inner_max_num_threads = 1})
                                       .map(openmp_threads, std::views::iota(0, 4));
  // [limit]
  std::cout << "each task ran " << std::ranges::max(threads) << " thread of OpenMP\n";
}
