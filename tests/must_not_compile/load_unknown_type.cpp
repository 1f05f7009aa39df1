// error: joblib can't load into this type
#include <string>
#include <vector>

#include "joblib/pickle/load.hpp"

int main() {
#ifdef JOBLIB_CONTROL
  return static_cast<int>(joblib::loads<std::vector<std::string>>("").size());
#else
  return static_cast<int>(joblib::loads<std::vector<std::string_view>>("").size());
#endif
}
