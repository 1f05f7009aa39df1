#pragma once

#include <array>
#include <atomic>

#include "parallel/behaviour/forms.hpp"

namespace joblib::test {

/// A counter in memory that processes share.
class SharedCounter {
 public:
  int operator++();  ///< and wakes up those who wait
  operator int() const { return value_; }
  /// Blocks until it is at least `value`.
  void wait_for(int value) const;
  void reset() { value_ = 0; }

 private:
  std::atomic<int> value_ = 0;
};

/// What a test and its tasks see of each other, in whatever process these run.
struct Shared {
  SharedCounter begun;
  SharedCounter ended;
  SharedCounter released;       ///< by the test, for tasks that wait
  std::atomic<int> chosen = 0;  ///< by the test: the task that is different
  std::array<std::atomic<int>, form_tasks> results = {};  ///< of tasks that return nothing
};

/// The same for the processes that the program starts or forks.
Shared& shared();

/// shared(), all 0 again.
Shared& fresh_shared();

}  // namespace joblib::test
