#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "backend/fixed_pool.hpp"
#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::BackendTraits;
using joblib::errc;
using joblib::Parallel;
using joblib::Work;
using joblib::test::error_code;
using joblib::test::FixedPool;
using joblib::test::TaskError;

namespace {

class Base : public joblib::ParallelBackend {
 public:
  std::string_view name() const override { return "TestBackend"; }
  void start_call(int /*n_jobs*/) override { ++started; }
  void stop_call() noexcept override { ++stopped; }
  int started = 0;
  int stopped = 0;
};

// Keeps all Work and runs it when told.
class Keeper : public Base {
 public:
  explicit Keeper(BackendTraits traits = {}) : traits_(traits) {}
  BackendTraits traits() const override { return traits_; }
  void submit(Work work) override { kept.push_back(std::move(work)); }
  std::vector<Work> kept;

 private:
  BackendTraits traits_;
};

class Dropper : public Base {
 public:
  void submit(Work /*work*/) override {}
};

class Refuser : public Base {
 public:
  void submit(Work /*work*/) override { throw std::domain_error("queue closed"); }
};

class FixedJobs : public Base {
 public:
  explicit FixedJobs(int jobs) : jobs_(jobs) {}
  int effective_n_jobs(int /*n_jobs*/) const override { return jobs_; }
  void submit(Work work) override { work(); }

 private:
  int jobs_;
};

std::vector<int> run(const std::shared_ptr<joblib::ParallelBackend>& backend) {
  return Parallel({.n_jobs = 2, .backend = backend})
      .map([](int i) { return i; }, std::vector{1, 2, 3});
}

}  // namespace

TEST_CASE("Work that is dropped makes the call fail instead of waiting for ever") {
  const auto backend = std::make_shared<Dropper>();
  for (int i = 0; i < 3; ++i) CHECK(error_code([&] { run(backend); }) == errc::no_workers);
  CHECK(backend->started == 3);
  CHECK(backend->stopped == 3);
}

TEST_CASE("Work that is dropped later makes the call fail") {
  const auto keeper = std::make_shared<Keeper>();
  Parallel parallel({.n_jobs = 2, .backend = keeper});
  auto results = parallel.generator(
      joblib::test::stream_of([](int i) { return joblib::delayed([i] { return i; })(); }));
  REQUIRE_FALSE(keeper->kept.empty());
  keeper->kept.clear();
  CHECK(error_code([&] { results.begin(); }) == errc::no_workers);
}

TEST_CASE("What submit throws reaches the caller") {
  const auto backend = std::make_shared<Refuser>();
  for (int i = 0; i < 3; ++i) CHECK_THROWS_AS(run(backend), std::domain_error);
  CHECK(backend->started == backend->stopped);
}

TEST_CASE("A start_call that throws fails the call and leaves the instance usable") {
  struct Failing : FixedPool {
    Failing() : FixedPool(1, {}) {}
    void start_call(int /*n_jobs*/) override {
      if (++started == 1) throw std::domain_error("no licence");
    }
    void stop_call() noexcept override { ++stopped; }
    int started = 0;
    int stopped = 0;
  };
  const auto backend = std::make_shared<Failing>();
  Parallel parallel({.n_jobs = 2, .backend = backend});
  const auto identity = [](int i) { return i; };
  CHECK_THROWS_AS(parallel.map(identity, std::vector{1}), std::domain_error);
  CHECK(backend->stopped == 0);
  CHECK(parallel.map(identity, std::vector{1}) == std::vector{1});
  CHECK(backend->stopped == 1);
}

TEST_CASE("stop_call follows every start_call whatever becomes of the call") {
  const joblib::test::Quiet quiet;
  struct Counting : FixedPool {
    Counting() : FixedPool(2, {}) {}
    void start_call(int n_jobs) override {
      ++open;
      jobs = n_jobs;
    }
    void stop_call() noexcept override { --open; }
    int open = 0;
    int jobs = 0;
  };
  const auto backend = std::make_shared<Counting>();
  Parallel parallel({.n_jobs = 3, .backend = backend});
  parallel.map([&](int) {}, std::vector{1});
  CHECK(backend->open == 0);
  CHECK(backend->jobs == 3);
  CHECK_THROWS_AS(parallel.map([](int i) { throw TaskError(i); }, std::vector{1}), TaskError);
  CHECK(backend->open == 0);
  {
    const auto tasks = [] {
      return joblib::test::stream_of([](int i) { return joblib::delayed([i] { return i; })(); });
    };
    auto results = parallel.generator(tasks());
    CHECK(backend->open == 1);
    CHECK(*results.begin() == 0);
    CHECK(backend->open == 1);
  }
  CHECK(backend->open == 0);
}

TEST_CASE("A backend without a worker fails the call and one with one job runs in the caller") {
  CHECK(error_code([] { run(std::make_shared<FixedJobs>(0)); }) == errc::no_workers);
  CHECK(error_code([] { run(std::make_shared<FixedJobs>(-3)); }) == errc::no_workers);
  const auto one = std::make_shared<FixedJobs>(1);
  const auto ids = Parallel({.n_jobs = 8, .backend = one})
                       .map([](int) { return std::this_thread::get_id(); }, std::vector{1, 2});
  CHECK(ids == std::vector(2, std::this_thread::get_id()));
  CHECK(one->started == 0);
  CHECK(run(std::make_shared<FixedJobs>(5)) == std::vector{1, 2, 3});
}

TEST_CASE("default_n_jobs counts where nobody gives a number") {
  struct Many : FixedPool {
    Many() : FixedPool(2, {}) {}
    int default_n_jobs() const override { return 2; }
    void start_call(int n_jobs) override { jobs = n_jobs; }
    int jobs = 0;
  };
  const auto backend = std::make_shared<Many>();
  Parallel({.backend = backend}).map([](int) {}, std::vector{1, 2});
  CHECK(backend->jobs == 2);
  const joblib::parallel_config guard({.backend = backend});
  CHECK(joblib::effective_n_jobs(std::nullopt) == 2);
}

TEST_CASE("The caller finishes a call whose Work has not come and late Work does nothing") {
  const auto keeper = std::make_shared<Keeper>(BackendTraits{.caller_works = true});
  std::atomic<int> runs = 0;
  Parallel parallel({.n_jobs = 2, .backend = keeper});
  parallel.map([&](int) { ++runs; }, std::vector(100, 0));
  CHECK(runs == 100);
  REQUIRE_FALSE(keeper->kept.empty());
  for (const Work& work : keeper->kept) work();
  keeper->kept.clear();
  CHECK(runs == 100);
}

TEST_CASE("Only the first call of all copies of a Work does something") {
  struct Twice : FixedPool {
    Twice() : FixedPool(3, {}) {}
    void submit(Work work) override {
      for (int i = 0; i < 3; ++i) FixedPool::submit(work);
    }
  };
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  const auto task = [&](int i) {
    const int now = ++at_once;
    int seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::yield();
    --at_once;
    return i;
  };
  Parallel parallel({.n_jobs = 2, .backend = std::make_shared<Twice>(), .batch_size = 1});
  CHECK(parallel.map(task, std::vector(500, 1)) == std::vector(500, 1));
  CHECK(most <= 2);
}

TEST_CASE("One backend object serves calls of several threads at the same time") {
  const auto backend = std::make_shared<FixedPool>(2, BackendTraits{.caller_works = true});
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        if (run(backend) != std::vector{1, 2, 3}) ++wrong;
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}
