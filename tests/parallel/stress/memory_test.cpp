#include <unistd.h>

#include <atomic>
#include <fstream>
#include <ranges>
#include <thread>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/stress/sanitizers.hpp"

namespace joblib::test {
namespace {

constexpr bool memory_is_watched = !address_sanitizer && !thread_sanitizer;  // they keep memory

constexpr int n_tasks = memory_is_watched ? 2'000'000 : 200'000;
constexpr int warm_up = 100'000;
// A tenth of what a word per task would take.
constexpr long allowed_bytes = 8L * n_tasks / 10;

long resident_bytes() {
  std::ifstream file("/proc/self/statm");
  long pages = 0;
  file >> pages >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

// How much the process has grown between the first tasks and the last.
class Growth {
 public:
  void begin() { first_ = resident_bytes(); }
  void check() const {
    REQUIRE(first_ > 0);
    if (memory_is_watched) CHECK(resident_bytes() - first_ < allowed_bytes);
  }

 private:
  std::atomic<long> first_ = 0;
};

auto lazy_tasks() {
  return stream_of([](int i) { return delayed([](int j) { return j; })(i); }, n_tasks);
}

template <class Results>
void read(Results results) {
  Growth growth;
  long sum = 0;
  int reads = 0;
  for (const int value : results) {
    sum += value;
    if (++reads == warm_up) growth.begin();
  }
  CHECK(sum == static_cast<long>(n_tasks) * (n_tasks - 1) / 2);
  growth.check();
}

}  // namespace

TEST_CASE("A generator over many lazy tasks takes constant memory") {
  for (const int n_jobs : {1, 2}) {
    read(Parallel({.n_jobs = n_jobs}).generator(lazy_tasks()));
    read(Parallel({.n_jobs = n_jobs}).generator_unordered(lazy_tasks()));
  }
}

TEST_CASE("Void tasks take constant memory") {
  for (const int n_jobs : {1, 2}) {
    Growth growth;
    std::atomic<int> done = 0;
    const auto task = [&](int) {
      if (++done == warm_up) growth.begin();
    };
    const auto make = [&](int i) { return delayed(task)(i); };
    Parallel({.n_jobs = n_jobs})(stream_of(make, n_tasks));
    growth.check();
    done = 0;
    Parallel({.n_jobs = n_jobs}).map(task, std::views::iota(0, n_tasks));
    growth.check();
    CHECK(done == n_tasks);
  }
}

TEST_CASE("Void tasks take constant memory while the first of them takes all the time") {
  Growth growth;
  std::atomic<int> done = 0;
  const auto task = [&](int i) {
    if (i == 0) {
      while (done < n_tasks - 1) std::this_thread::yield();
    } else if (++done == warm_up) {
      growth.begin();
    }
  };
  const auto make = [&](int i) { return delayed(task)(i); };
  Parallel({.n_jobs = 2, .batch_size = 1})(stream_of(make, n_tasks));
  growth.check();
}

}  // namespace joblib::test
