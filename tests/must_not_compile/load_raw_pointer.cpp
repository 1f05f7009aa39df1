// error: joblib can't load into this type
#include <memory>

#include "joblib/pickle/load.hpp"

int main() {
#ifdef JOBLIB_CONTROL
  return *joblib::loads<std::unique_ptr<int>>("");
#else
  return *joblib::loads<int*>("");
#endif
}
