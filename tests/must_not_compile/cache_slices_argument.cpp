// error: a cached function gets an argument as the base class that it takes
#include <boost/describe.hpp>

#include "joblib/memory.hpp"

struct Shape {
  int corners = 0;
  virtual ~Shape() = default;
};
BOOST_DESCRIBE_STRUCT(Shape, (), (corners))
struct Square : Shape {};

#ifdef JOBLIB_CONTROL
using Given = Shape;
#else
using Given = Square;
#endif

int corners_of(const Shape& shape) { return shape.corners; }

int main() { joblib::Memory(std::nullopt).cache("corners_of", corners_of)(Given()); }
