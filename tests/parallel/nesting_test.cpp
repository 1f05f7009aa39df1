#include <algorithm>
#include <atomic>
#include <barrier>
#include <memory>
#include <optional>
#include <thread>
#include <tuple>
#include <vector>

#include "backend/fixed_pool.hpp"
#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/backends.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::delayed;
using joblib::effective_n_jobs;
using joblib::Parallel;
using joblib::parallel_config;
using joblib::test::BackendCase;
using joblib::test::backends;
using joblib::test::FixedPool;
using joblib::test::stream_of;

namespace {

// What `ask` returns inside `levels` calls of two jobs.
template <class Ask>
int inside(int levels, Ask ask) {
  if (levels == 0) return ask();
  const auto result =
      Parallel({.n_jobs = 2})(delayed([&] { return inside(levels - 1, ask); })(), delayed([] {})());
  return std::get<0>(result);
}

int sum(auto&& values) {
  int total = 0;
  for (const int value : values) total += value;
  return total;
}

// Its own nested backend: the calls inside of its tasks come back to its only thread.
class SelfNesting : public FixedPool, public std::enable_shared_from_this<SelfNesting> {
 public:
  SelfNesting() : FixedPool(1, {.caller_works = true}) {}
  std::shared_ptr<ParallelBackend> nested_backend(int level) const override {
    int deepest = deepest_;
    while (deepest < level && !deepest_.compare_exchange_weak(deepest, level)) {
    }
    return std::const_pointer_cast<SelfNesting>(shared_from_this());
  }
  int deepest() const { return deepest_; }

 private:
  mutable std::atomic<int> deepest_ = 0;
};

}  // namespace

TEST_CASE("Calls nest as threads at level one and are sequential below") {
  const auto jobs = [] { return effective_n_jobs(3); };
  CHECK(inside(0, jobs) == 3);
  CHECK(inside(1, jobs) == 3);
  CHECK(inside(2, jobs) == 1);
  CHECK(inside(3, jobs) == 1);
}

TEST_CASE("Tasks of a call at level one run at the same time") {
  std::barrier meeting(4);
  const auto inner = [&] { meeting.arrive_and_wait(); };
  const auto outer = [&] {
    Parallel({.n_jobs = 2, .batch_size = 1})(delayed(inner)(), delayed(inner)());
  };
  Parallel({.n_jobs = 2, .batch_size = 1})(delayed(outer)(), delayed(outer)());
  // The third level runs in the calling thread.
  const bool same = inside(2, [] {
    const auto ids = Parallel({.n_jobs = 4})
                         .map([](int) { return std::this_thread::get_id(); }, std::vector(50, 0));
    return std::ranges::count(ids, std::this_thread::get_id()) == 50;
  });
  CHECK(same);
}

TEST_CASE("One job is no level of its own") {
  const BackendCase sequential = backends().front();
  REQUIRE(sequential.is_sequential());
  const auto outer = [&](auto ask) {
    return std::get<0>(Parallel(sequential.with())(delayed(ask)()));
  };
  CHECK(outer([] { return effective_n_jobs(3); }) == 3);
  CHECK(outer([] { return inside(1, [] { return effective_n_jobs(3); }); }) == 3);
  CHECK(outer([] { return inside(2, [] { return effective_n_jobs(3); }); }) == 1);
  CHECK(outer([] { return effective_n_jobs(-1); }) == joblib::cpu_count());
  // Nor does it hide the configuration.
  const parallel_config guard({.n_jobs = 5});
  CHECK(outer([] { return effective_n_jobs(std::nullopt); }) == 5);
}

TEST_CASE("Inside of tasks all cores means the share of the task") {
  const int cpus = joblib::cpu_count();
  const auto in_task_of = [](int n_jobs, std::optional<int> asked) {
    const auto results = Parallel({.n_jobs = n_jobs, .backend = "threading"})
                             .map([&](int) { return effective_n_jobs(asked); },
                                  std::vector<int>(static_cast<std::size_t>(n_jobs)));
    CHECK(std::ranges::count(results, results[0]) == n_jobs);
    return results[0];
  };
  CHECK(in_task_of(2, -1) == std::max(cpus / 2, 1));
  CHECK(in_task_of(2, -2) == std::max(cpus / 2 - 1, 1));
  CHECK(in_task_of(cpus + 1, -1) == 1);
  CHECK(in_task_of(2, 7) == 7);             // a positive number is literal
  CHECK(in_task_of(2, std::nullopt) == 1);  // and nothing is one job
  CHECK(effective_n_jobs(-1) == cpus);
}

TEST_CASE("A configuration around a call is not seen by its tasks but one inside is") {
  const parallel_config guard({.n_jobs = 2, .verbose = 0});
  CHECK(inside(1, [] { return effective_n_jobs(std::nullopt); }) == 1);
  CHECK(inside(1, [] {
          const parallel_config inner({.n_jobs = 3});
          return inside(0, [] { return effective_n_jobs(std::nullopt); });
        }) == 3);
  CHECK(effective_n_jobs(std::nullopt) == 2);
}

TEST_CASE("Calls inside of tasks give their results on every backend") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const auto inner = [](int i) {
    return sum(Parallel({.n_jobs = 2}).map([&](int j) { return i * j; }, std::vector{1, 2, 3}));
  };
  const auto reading = [](int i) {
    const auto multiply = [&](int j) { return i * j; };
    return sum(Parallel({.n_jobs = 2})
                   .generator(stream_of([&](int j) { return delayed(multiply)(j); }, 4)));
  };
  Parallel parallel(backend.with({.batch_size = 1}));
  const std::vector<int> outer{0, 1, 2, 3, 4, 5};
  CHECK(parallel.map(inner, outer) == std::vector{0, 6, 12, 18, 24, 30});
  CHECK(parallel.map(reading, outer) == std::vector{0, 6, 12, 18, 24, 30});
}

TEST_CASE("A pool of one thread that nests in itself does not deadlock") {
  const auto backend = std::make_shared<SelfNesting>();
  const parallel_config guard({.n_jobs = 2, .backend = backend});
  const auto leaf = [](int i) { return i; };
  const auto reader = [&](int i) {
    int total = i;
    for (const int value :
         Parallel({.n_jobs = 2}).generator(stream_of([&](int j) { return delayed(leaf)(j); }, 6)))
      total += value;
    return total;
  };
  const auto node = [&](int i) {
    const std::vector<int> values =
        Parallel({.n_jobs = 2, .batch_size = 1}).map(reader, std::vector{i, i + 1, i + 2});
    return values[0] + values[1] + values[2];
  };
  CHECK(Parallel({.batch_size = 1}).map(node, std::vector{0, 1, 2, 3}) ==
        std::vector{48, 51, 54, 57});
  CHECK(backend->deepest() == 3);
}

TEST_CASE("An error or a cancelled call inside of a task is the error of the task") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Parallel parallel(backend.with());
  const auto failing = [](int i) {
    Parallel({.n_jobs = 2})
        .map(
            [&](int j) {
              if (j == i) throw joblib::test::TaskError(j);
            },
            std::vector{1, 2, 3});
  };
  CHECK_THROWS_AS(parallel.map(failing, std::vector{2}), joblib::test::TaskError);
  const auto cancelled = [](int) {
    std::stop_source source;
    source.request_stop();
    Parallel({.n_jobs = 2, .stop = source.get_token()}).map([](int) {}, std::vector{1});
  };
  CHECK_THROWS_AS(parallel.map(cancelled, std::vector{1}), joblib::Cancelled);
}

TEST_CASE("shutdown joins the pools and a later call starts them anew") {
  const auto call = [] {
    return Parallel({.n_jobs = 2}).map([](int i) { return i; }, std::vector{1, 2, 3});
  };
  CHECK(call().size() == 3);
  joblib::shutdown();
  joblib::shutdown();
  CHECK(call().size() == 3);
  for (const int n_jobs : {1, 2}) {
    CHECK_THROWS_AS(
        Parallel({.n_jobs = n_jobs}).map([](int) { joblib::shutdown(); }, std::vector{1, 2}),
        joblib::Error);
  }
  CHECK(call().size() == 3);
}
