#pragma once

#include <memory>
#include <string_view>

#include "backend/fixed_pool.hpp"

namespace joblib::test {

/// A pool of fixed size that calls inside of its tasks use, too, at any depth.
class NestingPool : public FixedPool, public std::enable_shared_from_this<NestingPool> {
 public:
  explicit NestingPool(int threads) : FixedPool(threads, {.caller_works = true}, "NestingPool") {}

  std::shared_ptr<ParallelBackend> nested_backend(int /*level*/) const override {
    return std::const_pointer_cast<NestingPool>(shared_from_this());
  }
};

}  // namespace joblib::test
