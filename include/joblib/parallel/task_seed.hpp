#pragma once

#include <cstdint>

namespace joblib {

/// A seed for the random numbers of task `i`, the same whatever the number of workers and the order
/// of execution: `std::mt19937_64 rng(joblib::task_seed(seed, i));`. Different (seed, i) give
/// unrelated seeds: the finalizer of SplitMix64 (Steele, Lea, Flood 2014), once for the seed and
/// once for the task.
constexpr std::uint64_t task_seed(std::uint64_t seed, std::uint64_t i) noexcept {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
  constexpr auto mix = [](std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  };
  return mix(mix(seed + golden) + golden * (i + 1));
}

}  // namespace joblib
