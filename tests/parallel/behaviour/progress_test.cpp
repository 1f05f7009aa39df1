#include <atomic>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/backends.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::Progress;
using joblib::test::BackendCase;
using joblib::test::backends;
using joblib::test::FailAt;
using joblib::test::identity;
using joblib::test::Quiet;
using joblib::test::stream_of;
using joblib::test::TaskError;

namespace {

// Keeps the calls of on_progress, e.g. "1/3 2/3 3/3!".
class Calls {
 public:
  auto callback() {
    return [this](const Progress& progress) {
      if (inside_.exchange(true)) overlapped = true;
      if (progress.elapsed < last_) went_back = true;
      last_ = progress.elapsed;
      text += std::to_string(progress.completed) + "/" +
              (progress.total ? std::to_string(*progress.total) : "?") +
              (progress.finished ? "! " : " ");
      inside_ = false;
    };
  }
  std::string text;
  bool overlapped = false;
  bool went_back = false;

 private:
  std::atomic<bool> inside_ = false;
  std::chrono::duration<double> last_{0};
};

std::string expected_calls(int size, bool known) {
  std::string text;
  const std::string total = known ? std::to_string(size) : "?";
  for (int i = 1; i <= size; ++i)
    text += std::to_string(i) + "/" + total + (known && i == size ? "! " : " ");
  return known && size > 0 ? text : text + std::to_string(size) + "/" + total + "! ";
}

auto identity_tasks(int size) {
  return stream_of([](int i) { return delayed(identity)(i); }, size);
}

}  // namespace

TEST_CASE("on_progress is called after each task whatever the backend and the batch size") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const joblib::BatchSize batch_size = GENERATE(joblib::BatchSize("auto"), 1, 3, 100);
  const int size = GENERATE(0, 1, 10, 200);
  CAPTURE(backend.name, batch_size.tasks(), size);
  const auto run = [&](auto call) {
    Calls calls;
    Parallel parallel(backend.with({.batch_size = batch_size, .on_progress = calls.callback()}));
    call(parallel);
    CHECK_FALSE(calls.overlapped);
    CHECK_FALSE(calls.went_back);
    return calls.text;
  };
  const std::string known = expected_calls(size, true);
  const std::string unknown = expected_calls(size, false);
  CHECK(run([&](Parallel& p) { p.map(identity, std::views::iota(0, size)); }) == known);
  CHECK(run([&](Parallel& p) { p.map([](int) {}, std::views::iota(0, size)); }) == known);
  CHECK(run([&](Parallel& p) { p(identity_tasks(size)); }) == unknown);
  CHECK(run([&](Parallel& p) { p.outcomes(identity_tasks(size)); }) == unknown);
  CHECK(run([&](Parallel& p) {
          for ([[maybe_unused]] const int i : p.generator(identity_tasks(size))) {
          }
        }) == unknown);
  CHECK(run([&](Parallel& p) {
          for ([[maybe_unused]] const int i : p.generator_unordered(identity_tasks(size))) {
          }
        }) == unknown);
}

TEST_CASE("on_progress starts anew with each call of an instance") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  Calls calls;
  Parallel parallel(backend.with({.on_progress = calls.callback()}));
  for (int i = 0; i < 2; ++i) {
    const auto result = parallel(delayed([] { return 1; })(), delayed([] { return 2; })());
    CHECK(result == std::tuple(1, 2));
  }
  CHECK(calls.text == "1/2 2/2! 1/2 2/2! ");
}

TEST_CASE("on_progress tells the end of a call that fails") {
  const BackendCase backend = GENERATE(from_range(backends()));
  const int failing = GENERATE(0, 4, 9);
  CAPTURE(backend.name, failing);
  Calls calls;
  Parallel parallel(
      backend.with({.pre_dispatch = "1", .batch_size = 1, .on_progress = calls.callback()}));
  CHECK_THROWS_AS(parallel.map(FailAt{failing}, std::views::iota(0, 10)), TaskError);
  std::string expected;
  for (int i = 1; i <= failing; ++i) expected += std::to_string(i) + "/10 ";
  CHECK(calls.text == expected + std::to_string(failing) + "/10! ");
}

TEST_CASE("on_progress tells the end of a generator that is left early") {
  const BackendCase backend = GENERATE(from_range(backends()));
  CAPTURE(backend.name);
  const Quiet quiet;
  Calls calls;
  Parallel parallel(backend.with({.batch_size = 1, .on_progress = calls.callback()}));
  for (const int value : parallel.generator(identity_tasks(1000))) {
    if (value == 3) break;
  }
  CHECK(calls.text.ends_with("! "));
  CHECK(calls.text.find('!') == calls.text.size() - 2);
}
