// What both backends of processes promise.

#include <csignal>
#include <cstddef>
#include <ranges>
#include <string>

#include "catch.hpp"
#include "joblib/parallel.hpp"

using joblib::delayed;
using joblib::Parallel;
using joblib::TerminatedWorkerError;

TEST_CASE("Outcomes keep the other results where a worker has crashed") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  const auto task = [](int i) {
    if (i == 3) std::raise(SIGKILL);
    return i;
  };
  const auto outcomes = Parallel({.n_jobs = 2, .backend = backend, .batch_size = 1})
                            .outcomes(std::views::iota(0, 6) | std::views::transform([&](int i) {
                                        return delayed(task)(i);
                                      }));
  REQUIRE(outcomes.size() == 6);
  for (int i = 0; i < 6; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    if (i == 3) {
      CHECK_THROWS_AS(outcome.value(), TerminatedWorkerError);
    } else {
      CHECK(outcome.value() == i);
    }
  }
}
