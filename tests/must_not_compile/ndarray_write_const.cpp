// error: (read-only|const-qualified)
#include "joblib/numpy/ndarray.hpp"

int main() {
  const joblib::ndarray<double> array({2});
  const joblib::ndarray<const double> view = array;
#ifdef JOBLIB_CONTROL
  array(0) = view(1);
#else
  view(0) = array(1);
#endif
}
