// error: joblib doesn't pickle raw pointers
#include <utility>

#include "joblib/pickle/dump.hpp"

int main() {
  int value = 1;
#ifdef JOBLIB_CONTROL
  return static_cast<int>(joblib::dumps(std::pair(1, value)).size());
#else
  return static_cast<int>(joblib::dumps(std::pair(1, &value)).size());
#endif
}
