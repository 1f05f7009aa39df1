#include "parallel/batching.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "catch.hpp"
#include "parallel/pre_dispatch.hpp"

using joblib::detail::Batching;
using joblib::detail::BatchingLimits;

namespace {

using Duration = Batching::Duration;

constexpr Duration ideal = Batching::ideal_duration;

// The size of the batch that is drawn next, and done after `tasks * per_task`.
std::size_t draw_and_finish(Batching& batching, Duration per_task) {
  const std::size_t size = batching.next_size();
  batching.drawn(size);
  batching.done(size, static_cast<double>(size) * per_task);
  return size;
}

// The sizes of the batches of a range of `total` tasks that take `per_task` each.
std::vector<std::size_t> sizes(std::size_t total, int n_jobs, Duration per_task) {
  Batching batching({.n_jobs = n_jobs, .pre_dispatch = 4, .total = total});
  std::vector<std::size_t> result;
  for (std::size_t left = total; left > 0;) {
    const std::size_t size = std::min(batching.next_size(), left);
    batching.drawn(size);
    batching.done(size, static_cast<double>(size) * per_task);
    result.push_back(size);
    left -= size;
  }
  return result;
}

}  // namespace

TEST_CASE("A fixed batch size stays") {
  Batching batching({.n_jobs = 2, .pre_dispatch = 4, .batch_size = 7, .total = 10});
  for (int i = 0; i < 3; ++i) CHECK(draw_and_finish(batching, Duration(1e-9)) == 7);
}

TEST_CASE("Automatic batches grow to the ideal duration and not beyond") {
  const Duration per_task = ideal / 1000;
  Batching batching({.n_jobs = 2, .pre_dispatch = 4});
  CHECK(draw_and_finish(batching, per_task) == 1);
  std::size_t before = 1;
  for (int i = 0; i < 20; ++i) {
    const std::size_t size = draw_and_finish(batching, per_task);
    CHECK(size >= before);
    CHECK(size <= 1001);
    before = size;
  }
  CHECK(before >= 999);
}

TEST_CASE("Long tasks are batches of one") {
  Batching batching({.n_jobs = 2, .pre_dispatch = 4});
  for (int i = 0; i < 10; ++i) CHECK(draw_and_finish(batching, 10 * ideal) == 1);
}

TEST_CASE("Automatic batches shrink at once when tasks get slow") {
  Batching batching({.n_jobs = 2, .pre_dispatch = 4});
  for (int i = 0; i < 20; ++i) draw_and_finish(batching, ideal / 1000);
  draw_and_finish(batching, 10 * ideal);
  CHECK(batching.next_size() == 1);
}

TEST_CASE("A batch that was drawn before the growth tells nothing of the present size") {
  Batching batching({.n_jobs = 2, .pre_dispatch = 4});
  for (int i = 0; i < 20; ++i) draw_and_finish(batching, ideal / 1000);
  const std::size_t size = batching.next_size();
  batching.drawn(1);
  batching.done(1, ideal / 1000);
  CHECK(batching.next_size() == size);
}

TEST_CASE("The last batches of a range of known size get smaller, so that they end together") {
  const std::size_t total = 100'000;
  const std::vector<std::size_t> all = sizes(total, 2, ideal / 1000);
  std::size_t left = total;
  for (const std::size_t size : all) {
    CHECK(size <= std::max<std::size_t>(left / 8, 1000 / 8 + 1));
    left -= size;
  }
  CHECK(all.back() <= 1000 / 8 + 1);
}

TEST_CASE("Few tasks are not put together if they take their time") {
  for (const std::size_t size : sizes(8, 2, ideal / 4)) CHECK(size == 1);
}

TEST_CASE("There is room for pre_dispatch batches, until one is done or, in a stream, read") {
  const bool stream = GENERATE(false, true);
  Batching batching({.n_jobs = 2, .pre_dispatch = 3, .batch_size = 5, .stream = stream});
  CHECK(batching.room() == 3);
  for (int i = 0; i < 3; ++i) batching.drawn(5);
  CHECK(batching.room() == 0);
  batching.done(5, ideal);
  CHECK(batching.room() == (stream ? 0 : 1));
  batching.read(5);
  CHECK(batching.room() == 1);
}

TEST_CASE("Unlimited room stays unlimited") {
  Batching batching({.n_jobs = 2, .pre_dispatch = joblib::detail::unlimited});
  for (int i = 0; i < 1000; ++i) batching.drawn(1);
  CHECK(batching.room() > 1'000'000);
}

TEST_CASE("Unread results of a stream stay below pre_dispatch or what has been read") {
  constexpr std::size_t pre_dispatch = 4;
  Batching batching({.n_jobs = 2, .pre_dispatch = pre_dispatch, .stream = true});
  std::size_t read = 0;
  std::size_t unread = 0;
  std::vector<std::size_t> waiting;
  for (int i = 0; i < 5000; ++i) {
    while (batching.room() > 0) {
      const std::size_t size = batching.next_size();
      batching.drawn(size);
      batching.done(size, Duration(1e-9));
      waiting.push_back(size);
      unread += size;
    }
    CHECK(unread <= std::max(pre_dispatch, read));
    batching.read(waiting.front());
    read += waiting.front();
    unread -= waiting.front();
    waiting.erase(waiting.begin());
  }
  CHECK(read > 5000);
}
