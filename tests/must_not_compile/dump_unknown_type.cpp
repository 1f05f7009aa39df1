// error: joblib doesn't know how to pickle this type
#include <vector>

#include "joblib/pickle/dump.hpp"

struct Point {
  double x = 0;
};

#ifdef JOBLIB_CONTROL
template <>
struct joblib::pickler<Point> {
  static double to_state(const Point& point) { return point.x; }
};
#endif

int main() { return static_cast<int>(joblib::dumps(std::vector<Point>(1)).size()); }
