#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::test::error_code;
using joblib::test::stream_of;

namespace {

// The number of tasks that a generator takes from an endless range before anything is read.
int taken(const std::string& pre_dispatch, int n_jobs) {
  const joblib::test::Quiet quiet;
  int taken = 0;
  Parallel parallel({.n_jobs = n_jobs, .pre_dispatch = pre_dispatch, .batch_size = 1});
  const auto results = parallel.generator(stream_of([&](int i) {
    ++taken;
    return delayed([i] { return i; })();
  }));
  return taken;
}

std::string text_of_error(const std::string& pre_dispatch) {
  try {
    taken(pre_dispatch, 2);
  } catch (const joblib::Error& error) {
    CHECK(error.code() == joblib::errc::invalid_argument);
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("pre_dispatch is arithmetic as in joblib cut to an integer") {
  const auto [expression, value] =
      GENERATE(table<std::string, int>({{"7", 7},
                                        {"6.9", 6},
                                        {"3*2", 6},
                                        {"7//2", 3},
                                        {"7/2", 3},
                                        {"9%5", 4},
                                        {"-7%4", 1},
                                        {"2**3", 8},
                                        {"-2**2+10", 6},
                                        {"2**-1*8", 4},
                                        {"(1+2)*3", 9},
                                        {"2*3+4*5", 26},
                                        {"10-2-3", 5},
                                        {"2**3**1", 8},
                                        {"100-99.5+1", 1},
                                        {"True+True+False", 2},
                                        {"8/2/2", 2},
                                        {"1e1", 10},
                                        {".5*4", 2},
                                        {"5.", 5},
                                        {"- -3", 3},
                                        {"--3", 3},
                                        {"1 + 2", 3},
                                        {"3  ", 3},
                                        {"2*-3+9", 3},
                                        {"9 // 2 ** 1", 4},
                                        {"1000*1000-999990", 10},
                                        {"1000000-999990", 10},
                                        {"1+1+1+1+1+1+1+1+1+1+1+1+1+1+11", 25}}));
  CAPTURE(expression);
  CHECK(taken(expression, 2) == value);
}

TEST_CASE("n_jobs in pre_dispatch stands for its number") {
  CHECK(taken("n_jobs", 3) == 3);
  CHECK(taken("2*n_jobs", 3) == 6);
  CHECK(taken("2 * n_jobs", 2) == 4);
  CHECK(taken("1.5*n_jobs", 3) == 4);
  CHECK(taken("n_jobs**n_jobs", 2) == 4);
  CHECK(taken("n_jobs//2 + n_jobs", 3) == 4);
  CHECK(taken("n_jobs0", 2) == 20);  // replaced as text
  Parallel parallel({.n_jobs = 3, .batch_size = 1});
  const joblib::test::Quiet quiet;
  int count = 0;
  const auto results = parallel.generator(stream_of([&](int) {
    ++count;
    return delayed([] {})();
  }));
  CHECK(count == 6);  // the default
}

TEST_CASE("pre_dispatch that is no arithmetic is an error") {
  const std::string expression = GENERATE(
      as<std::string>{}, "+3", "~1", "1j", "'a'", "1/0", "1//0", "1%0", "2*", "", "foo", "1<2", "n",
      "2 3", "(1", "1)", "()", "abs(1)", "(-8)**0.5", "not 1", "1,2", "All", "n_job", "true");
  CAPTURE(expression);
  CHECK(text_of_error(expression).find("not a valid or supported arithmetic expression") !=
        std::string::npos);
}

TEST_CASE("pre_dispatch has joblib's limits") {
  const std::string large = GENERATE(as<std::string>{}, "10000000", "1001*1000", "2**40",
                                     "999999+2", "-1001*1000", "1000001");
  CAPTURE(large);
  CHECK(text_of_error(large).find("too large, max is 1000000.") != std::string::npos);
  CHECK(text_of_error(std::string(31, '1')).find("too long. Max length is 30, got 31.") !=
        std::string::npos);
  // The length counts after n_jobs is replaced.
  CHECK(taken("n_jobs+n_jobs+n_jobs+n_jobs+n_jobs+n_jobs", 2) == 12);
}

TEST_CASE("pre_dispatch below one is an error") {
  const std::string expression =
      GENERATE(as<std::string>{}, "0", "0*n_jobs", "1-n_jobs", "0.9", "-1", "1//n_jobs", "False");
  CAPTURE(expression);
  CHECK(error_code([&] { taken(expression, 2); }) == joblib::errc::invalid_argument);
}
