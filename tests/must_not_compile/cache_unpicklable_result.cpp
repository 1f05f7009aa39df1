// error: joblib doesn't know how to (un)?pickle this type
#include "joblib/memory.hpp"

#ifdef JOBLIB_CONTROL
using Result = int;
#else
class Result {
 public:
  explicit Result(int) {}
};
#endif

Result make(int x) { return Result(x); }

int main() { joblib::Memory(std::nullopt).cache("make", make)(1); }
