#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_group.h>

#include <future>

#include "cases.hpp"

namespace {

/// f(i) for i in [0, n), each a task that writes its result to a place of its own.
template <typename Result, typename Function>
std::vector<Result> with_task_group(int n, Function f) {
  std::vector<Result> results(n);
  tbb::task_group group;
  for (int i = 0; i < n; ++i) group.run([&results, f, i] { results[i] = f(i); });
  group.wait();
  return results;
}

std::vector<int> with_promises(int n) {
  std::vector<std::promise<int>> promises(n);
  tbb::task_group group;
  for (int i = 0; i < n; ++i) group.run([&promises, i] { promises[i].set_value(bench::echo(i)); });
  group.wait();
  std::vector<int> results;
  results.reserve(n);
  for (auto& promise : promises) results.push_back(promise.get_future().get());
  return results;
}

template <typename Consume>
void with_pipeline(int n, Consume consume) {
  int next = 0;
  tbb::parallel_pipeline(
      64, tbb::make_filter<void, int>(tbb::filter_mode::serial_in_order,
                                      [&](tbb::flow_control& control) {
                                        if (next == n) control.stop();
                                        return next++;
                                      }) &
              tbb::make_filter<int, int>(tbb::filter_mode::parallel,
                                         [](int i) { return bench::echo(i); }) &
              tbb::make_filter<int, void>(tbb::filter_mode::serial_in_order, consume));
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  tbb::global_control limit(tbb::global_control::max_allowed_parallelism, bench::n_jobs);

  cases.map_empty("tbb parallel_for, index",
                  [](int n) { tbb::parallel_for(0, n, [](int i) { bench::nothing(i); }); });
  cases.map_empty("tbb parallel_for, range", [](int n) {
    tbb::parallel_for(tbb::blocked_range<int>(0, n), [](const tbb::blocked_range<int>& range) {
      for (int i = range.begin(); i != range.end(); ++i) bench::nothing(i);
    });
  });
  cases.map_square("tbb parallel_for, index", [](const std::vector<double>& values) {
    std::vector<double> squares(values.size());
    tbb::parallel_for(std::size_t{0}, values.size(),
                      [&](std::size_t i) { squares[i] = bench::square(values[i]); });
    return squares;
  });
  cases.map_square("tbb parallel_for, range", [](const std::vector<double>& values) {
    std::vector<double> squares(values.size());
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, values.size()), [&](const auto& range) {
      for (std::size_t i = range.begin(); i != range.end(); ++i) {
        squares[i] = bench::square(values[i]);
      }
    });
    return squares;
  });
  cases.tasks("tbb task_group", [](int n) { return with_task_group<int>(n, bench::echo); });
  cases.tasks("tbb task_group, promises", with_promises);
  cases.efficiency("tbb task_group", [](int n, std::uint64_t steps) {
    return with_task_group<std::uint64_t>(n, [steps](int i) { return bench::busy(i, steps); });
  });
  cases.efficiency("tbb parallel_for, index", [](int n, std::uint64_t steps) {
    std::vector<std::uint64_t> results(n);
    tbb::parallel_for(0, n, [&](int i) { results[i] = bench::busy(i, steps); });
    return results;
  });
  cases.two_tasks("tbb task_group", [] {
    std::pair<int, int> results;
    tbb::task_group group;
    group.run([&] { results.first = bench::echo(0); });
    group.run([&] { results.second = bench::echo(1); });
    group.wait();
    return results;
  });
  cases.two_tasks("tbb parallel_invoke", [] {
    std::pair<int, int> results;
    tbb::parallel_invoke([&] { results.first = bench::echo(0); },
                         [&] { results.second = bench::echo(1); });
    return results;
  });
  cases.lazy("tbb parallel_pipeline", [](int n, auto consume) { with_pipeline(n, consume); });
}
