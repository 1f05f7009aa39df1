// error: Python can't hash this type
#include <map>
#include <vector>

#include "joblib/hashing/hash.hpp"

int main() {
#ifdef JOBLIB_CONTROL
  const std::map<std::vector<int>, int> map;
#else
  const std::map<std::map<int, int>, int> map;
#endif
  return static_cast<int>(joblib::hash(map).size());
}
