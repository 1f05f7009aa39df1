#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <future>
#include <latch>

#include "cases.hpp"

namespace {

using Pool = boost::asio::thread_pool;

template <typename Function>
auto posted(Pool& pool, Function f) {
  std::packaged_task<decltype(f())()> task(std::move(f));
  auto future = task.get_future();
  boost::asio::post(pool, std::move(task));
  return future;
}

/// f(i) for i in [0, n), each a packaged_task.
template <typename Result, typename Function>
std::vector<Result> with_futures(Pool& pool, int n, Function f) {
  std::vector<std::future<Result>> futures;
  futures.reserve(n);
  for (int i = 0; i < n; ++i) futures.push_back(posted(pool, [f, i] { return f(i); }));
  std::vector<Result> results;
  results.reserve(n);
  for (auto& future : futures) results.push_back(future.get());
  return results;
}

/// The least that a caller can do: results written in place, one latch for all.
std::vector<int> with_latch(Pool& pool, int n) {
  std::vector<int> results(n);
  std::latch done(n);
  for (int i = 0; i < n; ++i) {
    boost::asio::post(pool, [&results, &done, i] {
      results[i] = bench::echo(i);
      done.count_down();
    });
  }
  done.wait();
  return results;
}

/// A window of futures, the oldest read before the next task is posted.
template <typename Consume>
void with_window(Pool& pool, int n, Consume consume) {
  std::deque<std::future<int>> window;
  for (int i = 0; i < n; ++i) {
    if (window.size() == 1024) {
      consume(window.front().get());
      window.pop_front();
    }
    window.push_back(posted(pool, [i] { return bench::echo(i); }));
  }
  for (auto& future : window) consume(future.get());
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  Pool pool(bench::n_jobs);

  cases.tasks("asio post, packaged_task",
              [&](int n) { return with_futures<int>(pool, n, bench::echo); });
  cases.tasks("asio post, latch", [&](int n) { return with_latch(pool, n); });
  cases.efficiency("asio post, packaged_task", [&](int n, std::uint64_t steps) {
    return with_futures<std::uint64_t>(pool, n, [steps](int i) { return bench::busy(i, steps); });
  });
  cases.two_tasks("asio post, packaged_task", [&] {
    auto first = posted(pool, [] { return bench::echo(0); });
    auto second = posted(pool, [] { return bench::echo(1); });
    return std::pair(first.get(), second.get());
  });
  cases.lazy("asio post, window of 1024",
             [&](int n, auto consume) { with_window(pool, n, consume); });
}
