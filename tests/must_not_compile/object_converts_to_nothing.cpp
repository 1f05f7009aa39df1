// error: (conversion|convert|convertible)
#include "joblib/pickle/object.hpp"

int main() {
  const joblib::Object object(1);
#ifdef JOBLIB_CONTROL
  const int number = object.as<int>();
#else
  const int number = object;
#endif
  return number;
}
