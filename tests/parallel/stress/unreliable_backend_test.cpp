#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "backend/fixed_pool.hpp"
#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/stress/tracked.hpp"

namespace joblib::test {
namespace {

enum class Deed { runs, runs_inline, runs_twice, throws, drops, throws_and_runs, keeps };

// Does something else with each Work.
class Unreliable : public FixedPool {
 public:
  Unreliable(bool caller_works, std::uint64_t seed)
      : FixedPool(2, {.caller_works = caller_works}), caller_works_(caller_works), random_(seed) {}

  void submit(Work work) override {
    switch (next_deed()) {
      case Deed::runs:
        return FixedPool::submit(std::move(work));
      case Deed::runs_inline:
        return work();
      case Deed::runs_twice:
        FixedPool::submit(work);
        return FixedPool::submit(std::move(work));
      case Deed::throws_and_runs:
        FixedPool::submit(work);
        throw std::domain_error("accepted and refused");
      case Deed::throws:
        throw std::domain_error("refused");
      case Deed::drops:
        return;
      case Deed::keeps:
        const std::lock_guard lock(mutex_);
        kept_.push_back(std::move(work));
    }
  }

  void run_late() {
    for (const Work& work : std::exchange(kept_, {})) work();
  }

 private:
  // Only a caller that works can do without workers.
  Deed next_deed() {
    const std::lock_guard lock(mutex_);
    return static_cast<Deed>(std::uniform_int_distribution(0, caller_works_ ? 6 : 5)(random_));
  }

  bool caller_works_;
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::vector<Work> kept_;
};

}  // namespace

TEST_CASE("Whatever a backend does with its Work a call gives its results or an error") {
  const SinkGuard quiet([](const LogRecord&) {});
  int results = 0;
  int errors = 0;
  for (int i = 0; i < 600; ++i) {
    const bool reads = i % 3 == 0;
    const auto backend =
        std::make_shared<Unreliable>(!reads && i % 2 == 0, static_cast<std::uint64_t>(i));
    std::atomic<long> living = 0;
    std::atomic<int> runs = 0;
    const auto make = [&](int j) {
      return delayed([&](const Tracked& argument) {
        ++runs;
        return argument.value();
      })(Tracked(living, j));
    };
    ParallelOptions options{.n_jobs = 3, .backend = backend};
    if (i % 5 == 0) options.batch_size = 1;
    Parallel parallel(options);
    std::vector<int> values;
    try {
      if (reads) {
        for (const int value : parallel.generator(stream_of(make, 40))) values.push_back(value);
      } else {
        values = parallel(stream_of(make, 40));
      }
      REQUIRE(values.size() == 40);
      for (int j = 0; j < 40; ++j) REQUIRE(values[static_cast<std::size_t>(j)] == j);
      CHECK(runs == 40);
      ++results;
    } catch (const std::domain_error&) {
      ++errors;
    } catch (const Error& error) {
      CHECK(error.code() == errc::no_workers);
      ++errors;
    }
    CHECK(living == 0);
    const int runs_of_the_call = runs;
    backend->run_late();
    CHECK(runs == runs_of_the_call);
  }
  CHECK(results > 0);
  CHECK(errors > 0);
}

}  // namespace joblib::test
