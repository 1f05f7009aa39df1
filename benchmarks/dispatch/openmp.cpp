#include "cases.hpp"

namespace {

/// f(i) for i in [0, n), each a task that writes its result to a place of its own.
template <typename Result, typename Function>
std::vector<Result> with_tasks(int n, Function f) {
  std::vector<Result> results(n);
#pragma omp parallel num_threads(bench::n_jobs)
#pragma omp single
  for (int i = 0; i < n; ++i) {
#pragma omp task default(shared) firstprivate(i)
    results[i] = f(i);
  }
  return results;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);

  cases.map_empty("openmp for, static", [](int n) {
#pragma omp parallel for num_threads(bench::n_jobs) schedule(static)
    for (int i = 0; i < n; ++i) bench::nothing(i);
  });
  cases.map_empty("openmp for, dynamic 1000", [](int n) {
#pragma omp parallel for num_threads(bench::n_jobs) schedule(dynamic, 1000)
    for (int i = 0; i < n; ++i) bench::nothing(i);
  });
  cases.map_square("openmp for, static", [](const std::vector<double>& values) {
    std::vector<double> squares(values.size());
#pragma omp parallel for num_threads(bench::n_jobs) schedule(static)
    for (std::size_t i = 0; i < values.size(); ++i) squares[i] = bench::square(values[i]);
    return squares;
  });
  cases.map_square("openmp for, dynamic 1000", [](const std::vector<double>& values) {
    std::vector<double> squares(values.size());
#pragma omp parallel for num_threads(bench::n_jobs) schedule(dynamic, 1000)
    for (std::size_t i = 0; i < values.size(); ++i) squares[i] = bench::square(values[i]);
    return squares;
  });
  cases.tasks("openmp task", [](int n) { return with_tasks<int>(n, bench::echo); });
  cases.efficiency("openmp task", [](int n, std::uint64_t steps) {
    return with_tasks<std::uint64_t>(n, [steps](int i) { return bench::busy(i, steps); });
  });
  cases.efficiency("openmp for, dynamic 1", [](int n, std::uint64_t steps) {
    std::vector<std::uint64_t> results(n);
#pragma omp parallel for num_threads(bench::n_jobs) schedule(dynamic, 1)
    for (int i = 0; i < n; ++i) results[i] = bench::busy(i, steps);
    return results;
  });
  cases.two_tasks("openmp sections", [] {
    std::pair<int, int> results;
#pragma omp parallel sections num_threads(bench::n_jobs)
    {
#pragma omp section
      results.first = bench::echo(0);
#pragma omp section
      results.second = bench::echo(1);
    }
    return results;
  });
}
