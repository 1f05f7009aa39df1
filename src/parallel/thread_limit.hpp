#pragma once

#include <optional>

namespace joblib::detail {

// Limits the threads that OpenMP, MKL and OpenBLAS start from this thread, for the lifetime of the
// object, if a number is given; libraries that are not loaded are left alone. OpenBLAS knows one
// limit for the whole process: it is set when the first of these objects is made and put back when
// the last one is gone.
class ThreadLimit {
 public:
  explicit ThreadLimit(std::optional<int> threads);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  bool limited_;
  int openmp_before_ = 0;
  int mkl_before_ = 0;
};

}  // namespace joblib::detail
