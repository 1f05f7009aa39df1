#include <atomic>
#include <ranges>
#include <stop_token>
#include <string>
#include <vector>

#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

namespace joblib::test {
namespace {

enum class End { error, stop, range_error, left };

struct Counts {
  std::atomic<int> begun = 0;
  std::atomic<int> begun_late = 0;  // when the call had failed already
};

template <class Results>
void read(Results results, End end) {
  int reads = 0;
  for (auto&& result : results) {
    static_cast<void>(result);
    if (end == End::left && ++reads == 7) break;
  }
}

// A task asks its token first: what has begun by then was claimed before the call failed.
Counts& run(Counts& counts, End end, int n_jobs, const std::string& form) {
  std::stop_source stop;
  const auto make = [&](int i) {
    if (end == End::range_error && i == 500) throw TaskError(i);
    return delayed([&](const std::stop_token& token, int j) {
      if (token.stop_requested()) ++counts.begun_late;
      ++counts.begun;
      if (end == End::error && j == 300) throw TaskError(j);
      if (end == End::stop && j == 300) stop.request_stop();
      return j;
    })(i);
  };
  Parallel parallel({.n_jobs = n_jobs, .batch_size = 1, .stop = stop.get_token()});
  try {
    if (form == "list") parallel(stream_of(make));
    if (form == "ordered") read(parallel.generator(stream_of(make)), end);
    if (form == "unordered") read(parallel.generator_unordered(stream_of(make)), end);
    CHECK(end == End::left);
  } catch (const TaskError& error) {
    CHECK(error.task == (end == End::error ? 300 : 500));
  } catch (const Cancelled&) {
    CHECK(end == End::stop);
  }
  return counts;
}

}  // namespace

// The ranges are endless: what isn't cancelled never ends.
TEST_CASE("After the end of a call no worker starts more than the task that it had claimed") {
  const SinkGuard quiet([](const LogRecord&) {});
  for (const int n_jobs : {1, 2, 4}) {
    for (const std::string form : {"list", "ordered", "unordered"}) {
      for (const End end : {End::error, End::stop, End::range_error, End::left}) {
        if (end == End::left && form == "list") continue;
        for (int repetition = 0; repetition < 20; ++repetition) {
          Counts counts;
          CHECK(run(counts, end, n_jobs, form).begun_late < n_jobs);
          CHECK(counts.begun >= 7);
        }
      }
    }
  }
}

TEST_CASE("A long automatic batch is abandoned when the call fails") {
  std::atomic<int> begun = 0;
  constexpr int size = 50'000'000;
  Parallel parallel({.n_jobs = 2});
  CHECK_THROWS_AS(parallel.map(
                      [&](int i) {
                        begun.fetch_add(1, std::memory_order_relaxed);
                        if (i == 100'000) throw TaskError(i);
                      },
                      std::views::iota(0, size)),
                  TaskError);
  CHECK(begun < size / 10);
}

}  // namespace joblib::test
