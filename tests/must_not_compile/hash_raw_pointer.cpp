// error: joblib doesn't pickle raw pointers
#include <list>

#include "joblib/hashing/hash.hpp"

int main() {
  int value = 1;
#ifdef JOBLIB_CONTROL
  return static_cast<int>(joblib::hash(std::list{value}).size());
#else
  return static_cast<int>(joblib::hash(std::list{&value}).size());
#endif
}
