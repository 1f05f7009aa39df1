#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "core/random_seed.hpp"
#include "core/sink_guard.hpp"
#include "parallel/stress/nesting_pool.hpp"
#include "parallel/stress/random_call.hpp"

namespace joblib::test {
namespace {

constexpr int calls = 10'000;
constexpr int user_threads = 3;

}  // namespace

// JOBLIB_TEST_CALL, the seed of one call, runs that call 1000 times.
TEST_CASE("Randomised calls from several threads give exact results and leave nothing behind") {
  const SinkGuard quiet([](const LogRecord&) {});
  const auto pool = std::make_shared<NestingPool>(1);
  if (const char* text = std::getenv("JOBLIB_TEST_CALL")) {
    for (int i = 0; i < 1000; ++i)
      REQUIRE(check(RandomCall(std::strtoull(text, nullptr, 10), pool)) == "");
    return;
  }

  const std::uint64_t seed = random_seed();
  WARN("JOBLIB_TEST_SEED=" << seed);
  std::mutex mutex;
  std::vector<std::string> wrong;
  {
    std::vector<std::jthread> users;
    for (int user = 0; user < user_threads; ++user) {
      users.emplace_back([&, user] {
        for (int i = user; i < calls; i += user_threads) {
          const std::string text =
              check(RandomCall(task_seed(seed, static_cast<std::uint64_t>(i)), pool));
          if (text.empty()) continue;
          const std::lock_guard lock(mutex);
          wrong.push_back(text);
        }
      });
    }
  }
  CHECK(wrong == std::vector<std::string>());
}

}  // namespace joblib::test
