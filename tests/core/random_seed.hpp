#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

namespace joblib::test {

/// A new one, or JOBLIB_TEST_SEED of the environment, which repeats a run.
inline std::uint64_t random_seed() {
  if (const char* text = std::getenv("JOBLIB_TEST_SEED")) return std::strtoull(text, nullptr, 10);
  return std::random_device()();
}

}  // namespace joblib::test
