// Calls of several threads and processes at the same time.

#include <atomic>
#include <barrier>
#include <chrono>
#include <fstream>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "joblib/io/memory.hpp"
#include "joblib/parallel.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "store/child.hpp"
#include "tools.hpp"

namespace joblib::test {
namespace {

constexpr int n_threads = 8;

void on_threads(const std::function<void(int)>& run) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < n_threads; ++i) threads.emplace_back([i, &run] { run(i); });
}

std::size_t lines_in(const fs::path& file) {
  std::error_code missing;
  const auto size = fs::file_size(file, missing);
  return missing ? 0 : size;
}

// Notes each of its computations in a file.
int noted(const std::string& file, int x) {
  std::ofstream(file, std::ios::app) << 'x';
  return x + 1;
}

}  // namespace

TEST_CASE_METHOD(CacheFolder, "Threads receive one cached function while another one forks") {
  if (thread_sanitizer || address_sanitizer) return;  // forks may find its allocator locked
  using Cached = MemorizedFunc<int (*)(int)>;
  std::atomic<bool> over = false;
  const std::jthread forks([&] {
    while (!over) Child([](Child&) { return true; }).ended_well();
  });
  constexpr int rounds = 20;
  std::atomic<int> right = 0;
  for (int round = 0; round < rounds; ++round) {
    const Memory its_own(folder.root() / std::to_string(round), {.verbose = 0});
    detail::MemorySink sink;
    detail::PickleWriter writer(sink, {});
    detail::Wire<Cached>::write(writer, its_own.cache("square", &square));
    writer.finish();
    const bytes sent(sink.take());
    std::barrier at_once(n_threads);
    on_threads([&](int) {
      at_once.arrive_and_wait();
      detail::Load load(std::span<const std::byte>(sent), LoadOptions{});
      if (detail::Wire<Cached>::read(load.extraction(), load.root())(3) == 9) ++right;
    });
  }
  over = true;
  CHECK(right == rounds * n_threads);
}

TEST_CASE_METHOD(CacheFolder, "A missing result is computed once for all threads") {
  const bool in_memory = GENERATE(false, true);
  const Memory shared(folder.root(), {.backend = in_memory ? "memory" : "local", .verbose = 0});
  std::atomic<int> arrived = 0;
  const auto slow = shared.cache("slow",
                                 [&arrived](int x) {
                                   while (arrived < n_threads) std::this_thread::yield();
                                   return square(x);
                                 },
                                 {.state = 0});
  CHECK(calls_of([&] {
          on_threads([&](int) {
            ++arrived;
            if (slow(3) != 9) throw std::logic_error("wrong result");
          });
        }) == 1);
  CHECK(shared.stats().hits == n_threads - 1);
  CHECK(shared.stats().misses == 1);
}

TEST_CASE_METHOD(CacheFolder, "Each thread computes a missing result where that is asked for") {
  const Memory each(folder.root(), {.verbose = 0, .compute_once = false});
  std::barrier all(n_threads);
  const auto meeting = each.cache("meeting",
                                  [&all](int x) {
                                    all.arrive_and_wait();
                                    return square(x);
                                  },
                                  {.state = 0});
  CHECK(calls_of([&] { on_threads([&](int) { meeting(3); }); }) == n_threads);
}

TEST_CASE_METHOD(CacheFolder, "Different results are computed at the same time") {
  std::barrier all(n_threads);
  const auto meeting = memory.cache("meeting",
                                    [&all](int x) {
                                      all.arrive_and_wait();
                                      return square(x);
                                    },
                                    {.state = 0});
  CHECK(calls_of([&] { on_threads([&](int i) { meeting(i); }); }) == n_threads);
}

TEST_CASE_METHOD(CacheFolder, "A computation that fails lets the next one compute") {
  std::atomic<int> arrived = 0;
  std::atomic<int> failed = 0;
  const auto unlucky = memory.cache("unlucky",
                                    [&](int x) {
                                      while (arrived < n_threads) std::this_thread::yield();
                                      if (calls++ % 2 == 0) throw std::domain_error("bad luck");
                                      return x;
                                    },
                                    {.state = 0});
  calls = 0;
  on_threads([&](int) {
    ++arrived;
    try {
      unlucky(1);
    } catch (const std::domain_error&) {
      ++failed;
    }
  });
  CHECK(failed == 1);
  CHECK(calls == 2);
}

TEST_CASE_METHOD(CacheFolder, "Functions that want each other's results don't wait for ever") {
  std::barrier both(2);
  enum class Way { direct, parallel, future };
  const Way way = GENERATE(Way::direct, Way::parallel, Way::future);
  using Cached = std::function<int(int, bool)>;
  Cached one, other;
  const auto calling = [&](Cached& callee) {
    return [&](int x, bool calls_other) {
      if (!calls_other) return x + 1;
      both.arrive_and_wait();
      if (way == Way::parallel) {
        const std::vector<int> xs{x, x};
        const auto results = Parallel({.n_jobs = 2})(
            xs | std::views::transform([&](int y) { return delayed(callee)(y, false); }));
        return results.at(1);
      }
      return callee(x, false);
    };
  };
  const CacheOptions options{.ignore = {"calls_other"}, .args = {"x", "calls_other"}, .state = 0};
  if (way == Way::future) {
    const auto later = [](auto function) {
      return [function](int x, bool calls_other) {
        return std::async(std::launch::deferred, function, x, calls_other);
      };
    };
    one = [cached = memory.cache("one", later(calling(other)), options)](int x, bool c) {
      return cached(x, c).get();
    };
    other = [cached = memory.cache("other", later(calling(one)), options)](int x, bool c) {
      return cached(x, c).get();
    };
  } else {
    one = memory.cache("one", calling(other), options);
    other = memory.cache("other", calling(one), options);
  }
  int of_one = 0;
  std::jthread first([&] { of_one = one(1, true); });
  const int of_other = other(1, true);
  first.join();
  CHECK(of_one == 2);
  CHECK(of_other == 2);
}

TEST_CASE_METHOD(CacheFolder, "A cached function is a task, and may hold a Parallel") {
  const auto squared = memory.cache("squared", square);
  const auto sum = memory.cache(
      "sum",
      [&](int n) {
        int total = 0;
        for (const int y :
             Parallel({.n_jobs = 4})(std::views::iota(0, n) | std::views::transform([&](int x) {
                                       return delayed(squared)(x % 5);
                                     })))
          total += y;
        return total;
      },
      {.state = 0});
  const auto run = [&] {
    return Parallel({.n_jobs = 4})(
        std::views::iota(1, 9) | std::views::transform([&](int i) { return delayed(sum)(i * 5); }));
  };
  const auto results = run();
  for (int i = 1; i < 9; ++i) CHECK(results.at(static_cast<std::size_t>(i - 1)) == 30 * i);
  CHECK(calls_of([&] { CHECK(run() == results); }) == 0);
  const std::vector values{1, 2, 3};
  CHECK(Parallel({.n_jobs = 2}).map(squared, values) == std::vector{1, 4, 9});
}

TEST_CASE_METHOD(CacheFolder, "A missing result is computed once for all processes") {
  const std::string file = folder.root() / "calls";
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(std::make_unique<Child>([&](Child& self) {
      const Memory own(folder.root(), {.verbose = 0});
      const auto cached = own.cache("noted", noted);
      self.report();
      self.wait_for_parent();
      return cached(file, 1) == 2;
    }));
  }
  for (const auto& child : children) child->wait_for_report();
  for (const auto& child : children) child->go_on();
  for (const auto& child : children) CHECK(child->ended_well());
  CHECK(lines_in(file) == 1);
}

TEST_CASE_METHOD(CacheFolder, "Who waits for a process that is killed computes") {
  const std::string file = folder.root() / "calls";
  const auto run = [&](Child& self, bool stays) {
    const Memory own(folder.root(), {.verbose = 0});
    const auto cached = own.cache("f",
                                  [&](int x) {
                                    noted(file, x);
                                    if (stays) {
                                      self.report();
                                      self.wait_for_parent();
                                    }
                                    return x + 1;
                                  },
                                  {.version = "", .state = 0});
    if (!stays) self.report();
    return cached(1) == 2;
  };
  Child first([&](Child& self) { return run(self, true); });
  first.wait_for_report();
  Child second([&](Child& self) { return run(self, false); });
  Child third([&](Child& self) { return run(self, false); });
  second.wait_for_report();
  third.wait_for_report();
  CHECK(lines_in(file) == 1);
  first.kill();
  CHECK(second.ended_well());
  CHECK(third.ended_well());
  CHECK(lines_in(file) == 2);
}

TEST_CASE_METHOD(CacheFolder, "A process forked during a computation waits for it, and computes") {
  if (thread_sanitizer) return;  // the child starts a thread, which it doesn't support
  const std::string file = folder.root() / "calls";
  auto limited = std::make_unique<Memory>(
      folder.root(), MemoryOptions{.verbose = 0, .limits = {.items_limit = 100}});
  std::latch inside(1), may_end(1);
  auto slow = limited->cache("slow",
                             [&](const std::string& place, int x) {
                               inside.count_down();
                               may_end.wait();
                               return noted(place, x);
                             },
                             {.state = 0});
  auto quick = limited->cache("square", square);
  int result = 0;
  std::jthread computing([&] { result = slow(file, 1); });
  inside.wait();
  Child child([&](Child& self) {
    if (quick(3) != 9) return false;
    self.report();
    if (slow(file, 1) != 2 || calls_of([&] { quick(3); }) != 0) return false;
    limited = nullptr;
    const auto dropped = [](auto) {};
    dropped(std::move(slow));
    dropped(std::move(quick));  // the last handle: limits end whose thread is the parent's
    return true;
  });
  child.wait_for_report();
  may_end.count_down();
  computing.join();
  CHECK(result == 2);
  CHECK(child.ended_well());
  CHECK(lines_in(file) == 1);
}

TEST_CASE_METHOD(CacheFolder, "A process forked inside a computation may end it") {
  const auto forking = memory.cache("forking", [](int) { return static_cast<int>(::fork()); });
  const int process = forking(1);
  if (process == 0) {
    const bool well = memory.cache("square", square)(3) == 9;
    ::_exit(well ? 0 : 1);
  }
  int status = -1;
  CHECK(::waitpid(process, &status, 0) == process);
  CHECK(status == 0);
}

TEST_CASE_METHOD(CacheFolder, "Results come and go while they are read") {
  const auto squared = memory.cache("squared", square);
  std::atomic<bool> ends = false;
  std::atomic<int> wrong = 0;
  const auto warnings = logged(LogLevel::warning, [&] {
    std::jthread clearing([&] {
      while (!ends) {
        memory.clear();
        memory.reduce_size({.items_limit = 1});
        squared.clear();
      }
    });
    on_threads([&](int i) {
      for (int n = 0; n < 300; ++n) {
        const int x = (i + n) % 4;
        if (squared(x) != x * x) ++wrong;
      }
    });
    ends = true;
  });
  CHECK(wrong == 0);
  CHECK(warnings.empty());
}

}  // namespace joblib::test
