#include <iostream>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "backend/fixed_pool.hpp"
#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::delayed;
using joblib::effective_n_jobs;
using joblib::errc;
using joblib::Parallel;
using joblib::parallel_config;
using joblib::ParallelOptions;
using joblib::Prefer;
using joblib::Require;
using joblib::test::error_code;
using joblib::test::FixedPool;

namespace {

// Tells what its calls were started with.
class Recorder : public FixedPool {
 public:
  explicit Recorder(joblib::BackendTraits traits = {}) : FixedPool(2, traits, "Recorder") {}
  void start_call(int n_jobs) override { calls.push_back(n_jobs); }
  std::vector<int> calls;
};

std::shared_ptr<Recorder> without_shared_memory() {
  return std::make_shared<Recorder>(
      joblib::BackendTraits{.supports_sharedmem = false, .uses_threads = false});
}

void run_with(ParallelOptions options = {}) {
  Parallel(std::move(options)).map([](int i) { return i; }, std::vector{1, 2, 3});
}

}  // namespace

TEST_CASE("Configurations nest and merge member by member") {
  const auto recorder = std::make_shared<Recorder>();
  std::vector<std::size_t> progress;
  const auto on_progress = [&](const joblib::Progress& p) { progress.push_back(p.completed); };
  {
    const parallel_config outer({.n_jobs = 2, .backend = recorder});
    run_with();
    {
      const parallel_config inner({.n_jobs = 3, .on_progress = on_progress});
      run_with();
      run_with({.n_jobs = 4});
      {
        const parallel_config innermost({.verbose = 0});
        run_with();
      }
    }
    run_with();
    CHECK(progress.size() == 9);
    CHECK(effective_n_jobs(std::nullopt) == 2);
  }
  run_with({.n_jobs = 2});
  CHECK(recorder->calls == std::vector{2, 3, 4, 3, 2});
  CHECK(effective_n_jobs(std::nullopt) == 1);
}

TEST_CASE("A Parallel keeps the configuration under which it was made") {
  const auto recorder = std::make_shared<Recorder>();
  std::optional<Parallel> parallel;
  {
    const parallel_config guard({.n_jobs = 2, .backend = recorder});
    parallel.emplace();
  }
  parallel->map([](int) {}, std::vector{1, 2});
  CHECK(recorder->calls == std::vector{2});
}

TEST_CASE("Every option of a call can come from the configuration") {
  const auto recorder = std::make_shared<Recorder>(joblib::BackendTraits{.supports_timeout = true});
  std::stop_source source;
  source.request_stop();
  const auto map = [] { run_with(); };
  const parallel_config base({.n_jobs = 2, .backend = recorder});
  {
    const parallel_config guard({.stop = source.get_token()});
    CHECK_THROWS_AS(map(), joblib::Cancelled);
  }
  {
    const parallel_config guard({.timeout = std::chrono::milliseconds(10)});
    CHECK_THROWS_AS(Parallel()(delayed(joblib::test::wait_for_stop)()), joblib::TimeoutError);
  }
  {
    const parallel_config guard({.pre_dispatch = "bad"});
    CHECK(error_code(map) == errc::invalid_argument);
    CHECK(error_code([] { run_with({.pre_dispatch = "all"}); }) == std::nullopt);
  }
  {
    std::vector<std::string> lines;
    const joblib::test::SinkGuard sink(
        [&](const joblib::LogRecord& record) { lines.emplace_back(record.text); });
    const parallel_config guard({.verbose = 1});
    run_with();
    const std::size_t printed = lines.size();
    CHECK(printed > 0);
    run_with({.verbose = 0});
    CHECK(lines.size() == printed);
  }
  {
    const joblib::test::Quiet quiet;
    const parallel_config guard({.pre_dispatch = "1", .batch_size = 5});
    int taken = 0;
    const auto produce = [&](int i) {
      ++taken;
      return delayed([i] { return i; })();
    };
    Parallel parallel;
    const auto results = parallel.generator(joblib::test::stream_of(produce));
    CHECK(taken == 5);
  }
}

TEST_CASE("A configuration is undone when an exception leaves its scope") {
  try {
    const parallel_config guard({.n_jobs = 3, .backend = "threading"});
    CHECK(effective_n_jobs(std::nullopt) == 3);
    throw std::runtime_error("out");
  } catch (const std::runtime_error&) {
  }
  CHECK(effective_n_jobs(std::nullopt) == 1);
}

TEST_CASE("A configuration that throws changes nothing") {
  const parallel_config outer({.n_jobs = 3});
  const auto config = [](ParallelOptions options) {
    return error_code([&] { const parallel_config guard(std::move(options)); });
  };
  CHECK(config({.n_jobs = 5, .backend = "unknown"}) == errc::invalid_argument);
  CHECK(config({.n_jobs = 5, .backend_options = {{"x", true}}}) == errc::invalid_argument);
  CHECK(config({.n_jobs = 5,
                .backend = std::make_shared<joblib::ThreadingBackend>(),
                .backend_options = {{"x", true}}}) == errc::invalid_argument);
  CHECK(config({.n_jobs = 5, .backend = std::shared_ptr<FixedPool>()}) == errc::invalid_argument);
  CHECK(config({.n_jobs = 5, .backend = without_shared_memory(), .require = Require::sharedmem}) ==
        errc::invalid_argument);
  CHECK(effective_n_jobs(std::nullopt) == 3);
}

TEST_CASE("A configuration belongs to its thread") {
  const parallel_config guard({.n_jobs = 3});
  int seen = 0;
  std::latch checked(1);
  std::latch changed(1);
  std::jthread other([&] {
    seen = effective_n_jobs(std::nullopt);
    const parallel_config inner({.n_jobs = 5});
    changed.count_down();
    checked.wait();
  });
  changed.wait();
  CHECK(effective_n_jobs(std::nullopt) == 3);
  checked.count_down();
  other.join();
  CHECK(seen == 1);
}

TEST_CASE("The calls under a configuration share one backend object") {
  int made = 0;
  joblib::register_parallel_backend("counted", [&](const joblib::BackendOptions&) {
    ++made;
    return std::make_shared<Recorder>();
  });
  {
    const parallel_config guard({.n_jobs = 2, .backend = "counted"});
    run_with();
    run_with();
    {
      const parallel_config inner({.n_jobs = 3});
      run_with();
    }
    CHECK(made == 1);
  }
  run_with({.n_jobs = 2, .backend = "counted"});
  run_with({.n_jobs = 2, .backend = "counted"});
  CHECK(made == 3);
  joblib::register_parallel_backend("counted", [](const joblib::BackendOptions&) {
    return std::make_shared<joblib::ThreadingBackend>();
  });
}

TEST_CASE("A backend without shared memory is refused where it is named and replaced elsewhere") {
  const auto processes = without_shared_memory();
  CHECK(error_code([&] { Parallel({.backend = processes, .require = Require::sharedmem}); }) ==
        errc::invalid_argument);
  const parallel_config guard({.n_jobs = 2, .backend = processes});
  std::vector<std::string> lines;
  std::ostream* stream = nullptr;
  const joblib::test::SinkGuard sink([&](const joblib::LogRecord& record) {
    lines.emplace_back(record.text);
    stream = &record.stream;
  });
  run_with({.require = Require::sharedmem});
  CHECK(processes->calls.empty());
  CHECK(lines.empty());
  Parallel({.verbose = 10, .require = Require::sharedmem});
  CHECK(lines == std::vector<std::string>{
                     "Using ThreadingBackend as joblib backend instead of Recorder as the latter "
                     "does not provide shared memory semantics."});
  CHECK(stream == &std::cout);
  run_with();
  CHECK(processes->calls == std::vector{2});
}

TEST_CASE("An explicit backend ignores prefer") {
  const auto processes = without_shared_memory();
  run_with({.n_jobs = 2, .backend = processes, .prefer = Prefer::threads});
  CHECK(processes->calls.size() == 1);
  {
    const parallel_config guard({.backend = processes});
    run_with({.n_jobs = 2, .prefer = Prefer::threads});
    CHECK(processes->calls.size() == 2);
  }
  run_with({.n_jobs = 2, .backend = "threading", .prefer = Prefer::processes});
}
