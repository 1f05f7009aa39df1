#include <joblib/parallel.hpp>
#include <ranges>

#include "cases.hpp"

int main(int argc, char** argv) {
  using joblib::Parallel, joblib::delayed;
  using std::views::iota, std::views::transform;
  const bench::Cases cases(argc, argv);
  Parallel parallel({.n_jobs = bench::n_jobs, .backend = "threading"});

  cases.map_empty("joblib-cpp map",
                  [&](int n) { parallel.map([](int i) { bench::nothing(i); }, iota(0, n)); });
  cases.map_square("joblib-cpp map", [&](const std::vector<double>& values) {
    return parallel.map([](double x) { return bench::square(x); }, values);
  });
  cases.tasks("joblib-cpp", [&](int n) {
    return parallel(iota(0, n) | transform([](int i) { return delayed(bench::echo)(i); }));
  });
  cases.efficiency("joblib-cpp", [&](int n, std::uint64_t steps) {
    return parallel(iota(0, n) | transform([steps](int i) {
                      return delayed(bench::busy)(std::uint64_t(i), steps);
                    }));
  });
  cases.two_tasks("joblib-cpp, tuple", [&] {
    auto [first, second] = parallel(delayed(bench::echo)(0), delayed(bench::echo)(1));
    return std::pair(first, second);
  });
  cases.two_tasks("joblib-cpp, range", [&] {
    auto results = parallel(iota(0, 2) | transform([](int i) { return delayed(bench::echo)(i); }));
    return std::pair(results[0], results[1]);
  });
  cases.two_tasks("joblib-cpp, new Parallel", [&] {
    Parallel fresh({.n_jobs = bench::n_jobs, .backend = "threading"});
    auto [first, second] = fresh(delayed(bench::echo)(0), delayed(bench::echo)(1));
    return std::pair(first, second);
  });
  cases.lazy("joblib-cpp generator", [&](int n, auto consume) {
    auto tasks = iota(0, n) | transform([](int i) { return delayed(bench::echo)(i); });
    for (auto&& result : parallel.generator(tasks)) consume(result);
  });
}
