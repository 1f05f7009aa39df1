#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <ranges>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/stress/nesting_pool.hpp"

namespace joblib::test {
namespace {

// Lets callers go on in groups of `size`.
class Meeting {
 public:
  explicit Meeting(int size) : size_(size) {}

  void attend() {
    std::unique_lock lock(mutex_);
    const int group = arrived_++ / size_;
    if (arrived_ % size_ == 0) ++complete_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return complete_ > group; });
  }

 private:
  int size_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  int complete_ = 0;
};

// A pool whose threads take no Work while it is held.
class HeldPool : public FixedPool {
 public:
  HeldPool() : FixedPool(4, {}) {}

  void submit(Work work) override {
    {
      const std::lock_guard lock(mutex_);
      if (held_) return kept_.push_back(std::move(work));
    }
    FixedPool::submit(std::move(work));
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    for (Work& work : std::exchange(kept_, {})) FixedPool::submit(std::move(work));
  }

 private:
  std::mutex mutex_;
  bool held_ = false;
  std::vector<Work> kept_;
};

auto identities(int size) {
  return stream_of([](int i) { return delayed([](int j) { return j; })(i); }, size);
}

int sum_of(Generator<int> results) {
  int sum = 0;
  for (const int value : results) sum += value;
  return sum;
}

}  // namespace

TEST_CASE("Tasks may wait for each other with batches of one and enough workers") {
  constexpr int size = 60;
  for (const char* pre_dispatch : {"n_jobs", "2*n_jobs", "all"}) {
    for (const int n_jobs : {2, 3, 5}) {
      Parallel parallel({.n_jobs = n_jobs, .pre_dispatch = pre_dispatch, .batch_size = 1});
      Meeting meeting(n_jobs);
      const auto task = [&](int i) {
        meeting.attend();
        return i;
      };
      const auto make = [&](int i) { return delayed(task)(i); };
      CHECK(parallel(stream_of(make, size)).size() == size);
      CHECK(parallel.map(task, std::views::iota(0, size)).size() == size);
      CHECK(parallel.outcomes(stream_of(make, size)).size() == size);
      CHECK(sum_of(parallel.generator(stream_of(make, size))) == size * (size - 1) / 2);
      CHECK(sum_of(parallel.generator_unordered(stream_of(make, size))) == size * (size - 1) / 2);
    }
  }
}

TEST_CASE("A slow reader finds all workers at work again when it comes back") {
  constexpr int jobs = 4;
  for (int repetition = 0; repetition < 10; ++repetition) {
    const auto pool = std::make_shared<HeldPool>();
    Meeting meeting(jobs);
    std::atomic<int> ended = 0;
    const auto make = [&](int i) {
      return delayed([&](int j) {
        meeting.attend();
        count(ended);
        return j;
      })(i);
    };
    auto results = Parallel({.n_jobs = jobs, .backend = pool, .batch_size = 1})
                       .generator(stream_of(make, 6 * jobs));
    wait_until(ended, 2 * jobs);  // all that may wait unread
    pool->hold();
    int expected = 0;
    for (const int value : results) {
      CHECK(value == expected++);
      if (expected == 2 * jobs) pool->let_go();
    }
    CHECK(expected == 6 * jobs);
  }
}

TEST_CASE("A range may call Parallel on a pool of one thread") {
  const auto pool = std::make_shared<NestingPool>(1);
  for (const int every : {1, 7}) {
    const auto make = [&](int i) {
      int inner = 0;
      if (i % every == 0) {
        Parallel parallel({.n_jobs = 2, .backend = pool});
        inner = sum_of(parallel.generator(identities(10)));
        for (const int value : parallel(identities(10))) inner -= value;
      }
      return delayed([](int j) { return j; })(i + inner);
    };
    Parallel parallel({.n_jobs = 2, .backend = pool});
    CHECK(sum_of(parallel.generator(stream_of(make, 100))) == 4950);
    CHECK(parallel(stream_of(make, 100)).back() == 99);
  }
}

TEST_CASE("on_progress may call Parallel on a pool of one thread") {
  const auto pool = std::make_shared<NestingPool>(1);
  int total = 0;
  const auto watch = [&](const Progress& progress) {
    if (progress.finished) return;
    Parallel parallel({.n_jobs = 2, .backend = pool});
    total += sum_of(parallel.generator(identities(10)));
    for (const int value : parallel(identities(10))) total -= value;
  };
  Parallel parallel({.n_jobs = 2, .backend = pool, .on_progress = watch});
  CHECK(sum_of(parallel.generator(identities(50))) == 1225);
  CHECK(parallel(identities(50)).size() == 50);
  CHECK(total == 0);
}

TEST_CASE("A stop can be requested from every place of a call") {
  enum class Place { task, range, progress, destructor, inner_call };
  struct Bomb {
    explicit Bomb(std::stop_source* stop_) : stop(stop_) {}
    Bomb(Bomb&& other) noexcept : stop(std::exchange(other.stop, nullptr)) {}
    Bomb& operator=(Bomb&&) = delete;
    ~Bomb() {
      if (stop != nullptr) stop->request_stop();
    }
    std::stop_source* stop;
  };
  for (const auto place :
       {Place::task, Place::range, Place::progress, Place::destructor, Place::inner_call}) {
    for (const char* pre_dispatch : {"n_jobs", "all"}) {
      for (int at = 0; at < 40; at += 3) {
        std::stop_source stop;
        const auto make = [&](int i) {
          if (place == Place::range && i == at) stop.request_stop();
          return delayed([&](int j, const Bomb&) {
            if (place == Place::task && j == at) stop.request_stop();
            if (place == Place::inner_call && j == at)
              Parallel({.n_jobs = 2}).map([&](int) { stop.request_stop(); }, std::vector{1, 2, 3});
          })(i, Bomb(place == Place::destructor && i == at ? &stop : nullptr));
        };
        ParallelOptions options{.n_jobs = 3, .pre_dispatch = pre_dispatch};
        options.stop = stop.get_token();
        if (place == Place::progress) {
          options.on_progress = [&](const Progress& progress) {
            if (progress.completed == static_cast<std::size_t>(at + 1)) stop.request_stop();
          };
        }
        CHECK_THROWS_AS(Parallel(options)(stream_of(make, 60)), Cancelled);
      }
    }
  }
}

TEST_CASE("The stop callback of a task may run anything") {
  std::stop_source stop;
  std::atomic<int> begun = 0;
  std::atomic<int> callbacks = 0;
  const auto task = [&](const std::stop_token& token, int) {
    std::atomic<bool> called = false;
    const std::stop_callback callback(token, [&] {
      callbacks += Parallel({.n_jobs = 2}).map([](int i) { return i; }, std::vector{0, 1})[1];
      called = true;
      called.notify_all();
    });
    count(begun);
    called.wait(false);  // a callback is dropped where its owner leaves first
  };
  std::jthread canceller([&] {
    wait_until(begun, 2);
    stop.request_stop();
  });
  CHECK_THROWS_AS(Parallel({.n_jobs = 2, .batch_size = 1, .stop = stop.get_token()})
                      .map(task, std::views::iota(0, 10)),
                  Cancelled);
  CHECK(callbacks == 2);
}

}  // namespace joblib::test
