#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/fixed_pool.hpp"
#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::test::stream_of;

namespace {

struct Case {
  int tasks;
  bool known;  // the range knows its size
  int n_jobs;
  int verbose;
  std::string pre_dispatch;
  std::string lines;  // each after a line break, without the prefix, times masked
};

// What joblib 1.6.0 prints, with batch_size=1 and tasks that end one after the other, for
// backend="threading"; but the finished line of a single task with two jobs, which joblib leaves
// out.
const Case cases[] = {
    // clang-format off
    {12, true, 1, 1, "2*n_jobs", R"(
Done 12 out of 12 | elapsed:    #.#s finished)"},
    {12, true, 1, 10, "2*n_jobs", R"(
Done  1 out of 12 | elapsed:    #.#s
Done  4 out of 12 | elapsed:    #.#s
Done  7 out of 12 | elapsed:    #.#s
Done 12 out of 12 | elapsed:    #.#s
Done 12 out of 12 | elapsed:    #.#s finished)"},
    {12, false, 1, 10, "2*n_jobs", R"(
Done   1 tasks      | elapsed:    #.#s
Done   4 tasks      | elapsed:    #.#s
Done   7 tasks      | elapsed:    #.#s
Done  12 tasks      | elapsed:    #.#s
Done  12 out of  12 | elapsed:    #.#s finished)"},
    {5, true, 1, 11, "2*n_jobs", R"(
Done 1 out of 5 | elapsed:    #.#s
Done 2 out of 5 | elapsed:    #.#s
Done 3 out of 5 | elapsed:    #.#s
Done 4 out of 5 | elapsed:    #.#s
Done 5 out of 5 | elapsed:    #.#s
Done 5 out of 5 | elapsed:    #.#s finished)"},
    {5, false, 1, 50, "2*n_jobs", R"(
Done   1 tasks      | elapsed:    #.#s
Done   2 tasks      | elapsed:    #.#s
Done   3 tasks      | elapsed:    #.#s
Done   4 tasks      | elapsed:    #.#s
Done   5 tasks      | elapsed:    #.#s
Done   5 out of   5 | elapsed:    #.#s finished)"},
    {100, true, 1, 1, "2*n_jobs", R"(
Done  49 out of 100 | elapsed:    #.#s
Done 100 out of 100 | elapsed:    #.#s finished)"},
    {0, true, 1, 1, "2*n_jobs", R"(
Done   0 out of   0 | elapsed:    #.#s finished)"},
    {0, false, 1, 5, "2*n_jobs", R"(
Done   0 out of   0 | elapsed:    #.#s finished)"},
    {1, true, 1, 11, "2*n_jobs", R"(
Done 1 out of 1 | elapsed:    #.#s
Done 1 out of 1 | elapsed:    #.#s finished)"},
    {12, true, 2, 1, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done 12 out of 12 | elapsed:    #.#s finished)"},
    {12, true, 2, 5, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done 12 out of 12 | elapsed:    #.#s finished)"},
    {12, true, 2, 10, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done  1 out of 12 | elapsed:    #.#s
Done  4 out of 12 | elapsed:    #.#s
Done  9 out of 12 | elapsed:    #.#s
Done 12 out of 12 | elapsed:    #.#s finished)"},
    {12, false, 2, 10, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done   1 tasks      | elapsed:    #.#s
Done   4 tasks      | elapsed:    #.#s
Done   9 tasks      | elapsed:    #.#s
Done  12 out of  12 | elapsed:    #.#s finished)"},
    {12, true, 2, 11, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done  1 out of 12 | elapsed:    #.#s
Done  2 out of 12 | elapsed:    #.#s
Done  3 out of 12 | elapsed:    #.#s
Done  4 out of 12 | elapsed:    #.#s
Done  5 out of 12 | elapsed:    #.#s
Done  6 out of 12 | elapsed:    #.#s
Done  7 out of 12 | elapsed:    #.#s
Done  8 out of 12 | elapsed:    #.#s
Done  9 out of 12 | elapsed:    #.#s
Done 12 out of 12 | elapsed:    #.#s finished)"},
    {12, false, 2, 11, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done   1 tasks      | elapsed:    #.#s
Done   2 tasks      | elapsed:    #.#s
Done   3 tasks      | elapsed:    #.#s
Done   4 tasks      | elapsed:    #.#s
Done   5 tasks      | elapsed:    #.#s
Done   6 tasks      | elapsed:    #.#s
Done   7 tasks      | elapsed:    #.#s
Done   8 tasks      | elapsed:    #.#s
Done   9 tasks      | elapsed:    #.#s
Done  12 out of  12 | elapsed:    #.#s finished)"},
    {12, true, 2, 50, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done  1 out of 12 | elapsed:    #.#s
Done  2 out of 12 | elapsed:    #.#s
Done  3 out of 12 | elapsed:    #.#s
Done  4 out of 12 | elapsed:    #.#s
Done  5 out of 12 | elapsed:    #.#s
Done  6 out of 12 | elapsed:    #.#s
Done  7 out of 12 | elapsed:    #.#s
Done  8 out of 12 | elapsed:    #.#s
Done  9 out of 12 | elapsed:    #.#s
Done 10 out of 12 | elapsed:    #.#s remaining:    #.#s
Done 12 out of 12 | elapsed:    #.#s finished)"},
    {12, false, 2, 50, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done   1 tasks      | elapsed:    #.#s
Done   2 tasks      | elapsed:    #.#s
Done   3 tasks      | elapsed:    #.#s
Done   4 tasks      | elapsed:    #.#s
Done   5 tasks      | elapsed:    #.#s
Done   6 tasks      | elapsed:    #.#s
Done   7 tasks      | elapsed:    #.#s
Done   8 tasks      | elapsed:    #.#s
Done   9 tasks      | elapsed:    #.#s
Done  10 out of  12 | elapsed:    #.#s remaining:    #.#s
Done  12 out of  12 | elapsed:    #.#s finished)"},
    {100, true, 2, 1, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done  46 out of 100 | elapsed:    #.#s
Done 100 out of 100 | elapsed:    #.#s finished)"},
    {120, false, 2, 5, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done  14 tasks      | elapsed:    #.#s
Done  68 tasks      | elapsed:    #.#s
Done 120 out of 120 | elapsed:    #.#s finished)"},
    {120, true, 2, 10, "3*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done   2 out of 120 | elapsed:    #.#s
Done   7 out of 120 | elapsed:    #.#s
Done  12 out of 120 | elapsed:    #.#s
Done  19 out of 120 | elapsed:    #.#s
Done  26 out of 120 | elapsed:    #.#s
Done  35 out of 120 | elapsed:    #.#s
Done  44 out of 120 | elapsed:    #.#s
Done  55 out of 120 | elapsed:    #.#s
Done  66 out of 120 | elapsed:    #.#s
Done  79 out of 120 | elapsed:    #.#s
Done  92 out of 120 | elapsed:    #.#s
Done 107 out of 120 | elapsed:    #.#s
Done 120 out of 120 | elapsed:    #.#s finished)"},
    {0, true, 2, 1, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.)"},
    {0, false, 2, 11, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.)"},
    {1, true, 2, 1, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done 1 out of 1 | elapsed:    #.#s finished)"},
    {1, false, 2, 11, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done   1 tasks      | elapsed:    #.#s
Done   1 out of   1 | elapsed:    #.#s finished)"},
    {2, true, 2, 11, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done 1 out of 2 | elapsed:    #.#s
Done 2 out of 2 | elapsed:    #.#s finished)"},
    {3, true, 2, 11, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done 1 out of 3 | elapsed:    #.#s
Done 3 out of 3 | elapsed:    #.#s finished)"},
    {3, false, 2, 11, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done   1 tasks      | elapsed:    #.#s
Done   3 out of   3 | elapsed:    #.#s finished)"},
    {4, true, 2, 50, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done 1 out of 4 | elapsed:    #.#s
Done 2 out of 4 | elapsed:    #.#s remaining:    #.#s
Done 4 out of 4 | elapsed:    #.#s finished)"},
    {5, true, 2, 11, "2*n_jobs", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done 1 out of 5 | elapsed:    #.#s
Done 2 out of 5 | elapsed:    #.#s
Done 3 out of 5 | elapsed:    #.#s remaining:    #.#s
Done 5 out of 5 | elapsed:    #.#s finished)"},
    {12, true, 2, 5, "all", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done  1 out of 12 | elapsed:    #.#s remaining:    #.#s
Done  4 out of 12 | elapsed:    #.#s remaining:    #.#s
Done  7 out of 12 | elapsed:    #.#s remaining:    #.#s
Done 10 out of 12 | elapsed:    #.#s remaining:    #.#s
Done 12 out of 12 | elapsed:    #.#s finished)"},
    {12, false, 2, 11, "all", R"(
Using backend ThreadingBackend with 2 concurrent workers.
Done   1 out of  12 | elapsed:    #.#s remaining:    #.#s
Done   3 out of  12 | elapsed:    #.#s remaining:    #.#s
Done   5 out of  12 | elapsed:    #.#s remaining:    #.#s
Done   7 out of  12 | elapsed:    #.#s remaining:    #.#s
Done   9 out of  12 | elapsed:    #.#s remaining:    #.#s
Done  12 out of  12 | elapsed:    #.#s finished)"},
    // clang-format on
};

// Keeps the lines that go to joblib's streams.
class Lines {
 public:
  std::string text;  // masked, each line after a line break
  bool stream_mixed = false;
  std::ostream* stream = nullptr;

 private:
  void keep(const joblib::LogRecord& record) {
    stream_mixed = stream_mixed || (stream != nullptr && stream != &record.stream);
    stream = &record.stream;
    text += "\n" + std::regex_replace(std::string(record.text), std::regex("[ 0-9]{4}[.][0-9]s"),
                                      "   #.#s");
  }
  joblib::test::SinkGuard guard_{[this](const joblib::LogRecord& record) { keep(record); }};
};

std::string with_prefix(const std::string& lines, int n_jobs) {
  const std::string prefix = "\n[Parallel(n_jobs=" + std::to_string(n_jobs) + ")]: ";
  return std::regex_replace(lines, std::regex("\n"), prefix);
}

// Its workers never come: the caller runs everything itself once the first tasks are dispatched, so
// that tasks end one after the other, each before the next is taken from the range.
class Serial : public joblib::ParallelBackend {
 public:
  std::string_view name() const override { return "ThreadingBackend"; }
  joblib::BackendTraits traits() const override { return {.caller_works = true}; }
  void submit(joblib::Work work) override { kept_.push_back(std::move(work)); }

 private:
  std::vector<joblib::Work> kept_;
};

int identity(int i) { return i; }

}  // namespace

TEST_CASE("The progress lines are joblib's") {
  const Case& expected = GENERATE(from_range(std::begin(cases), std::end(cases)));
  CAPTURE(expected.tasks, expected.known, expected.n_jobs, expected.verbose, expected.pre_dispatch);
  Lines lines;
  Parallel parallel({.n_jobs = expected.n_jobs,
                     .backend = std::make_shared<Serial>(),
                     .verbose = expected.verbose,
                     .pre_dispatch = expected.pre_dispatch,
                     .batch_size = 1});
  if (expected.known) {
    std::vector<decltype(delayed(identity)(0))> tasks;
    for (int i = 0; i < expected.tasks; ++i) tasks.push_back(delayed(identity)(i));
    parallel(tasks);
  } else {
    parallel(stream_of([](int i) { return delayed(identity)(i); }, expected.tasks));
  }
  CHECK(lines.text == with_prefix(expected.lines, expected.n_jobs));
  CHECK_FALSE(lines.stream_mixed);
  if (lines.stream != nullptr) CHECK((lines.stream == &std::cout) == (expected.verbose >= 50));
}

TEST_CASE("The prefix of the lines shows n_jobs as it was asked for") {
  const auto prefix = [](std::optional<int> n_jobs) {
    Lines lines;
    Parallel({.n_jobs = n_jobs, .backend = std::make_shared<Serial>(), .verbose = 1})(
        delayed(identity)(1), delayed(identity)(2), delayed(identity)(3));
    return lines.text.substr(1, lines.text.find(':') - 1);
  };
  CHECK(prefix(3) == "[Parallel(n_jobs=3)]");
  CHECK(prefix(-1) == "[Parallel(n_jobs=-1)]");
}

TEST_CASE("The first and the last line on real threads are joblib's") {
  Lines lines;
  Parallel({.n_jobs = 2, .backend = "threading", .verbose = 1}).map(identity, std::vector(30, 1));
  CHECK(lines.text.starts_with(
      "\n[Parallel(n_jobs=2)]: Using backend ThreadingBackend with 2 concurrent workers.\n"));
  CHECK(lines.text.ends_with(
      "\n[Parallel(n_jobs=2)]: Done 30 out of 30 | elapsed:    #.#s finished"));
}

TEST_CASE("The last line comes however quickly the tasks end") {
  const int tasks = GENERATE(2, 3, 4, 5, 30);
  const auto backend = std::make_shared<joblib::test::FixedPool>(2, joblib::BackendTraits{});
  for (int i = 0; i < 50; ++i) {
    Lines lines;
    Parallel({.n_jobs = 2, .backend = backend, .verbose = 1})
        .map(identity, std::vector<int>(static_cast<std::size_t>(tasks)));
    REQUIRE(lines.text.ends_with("finished"));
  }
}

TEST_CASE("Nothing is printed without verbose") {
  const int n_jobs = GENERATE(1, 2);
  Lines lines;
  Parallel({.n_jobs = n_jobs}).map(identity, std::vector(30, 1));
  Parallel({.n_jobs = n_jobs, .verbose = 0}).map(identity, std::vector(30, 1));
  CHECK(lines.text.empty());
}

TEST_CASE("A verbose call lets the error of a task through") {
  const int n_jobs = GENERATE(1, 2);
  const int verbose = GENERATE(1, 11);
  Lines lines;
  Parallel parallel({.n_jobs = n_jobs, .backend = std::make_shared<Serial>(), .verbose = verbose});
  CHECK_THROWS_AS(parallel.map(
                      [](int i) {
                        if (i == 3) throw std::out_of_range("3");
                      },
                      std::vector{1, 2, 3, 4}),
                  std::out_of_range);
  CHECK(lines.text.find("finished") == std::string::npos);
}
