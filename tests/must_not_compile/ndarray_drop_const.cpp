// error: (conversion from .*const double|no viable conversion)
#include "joblib/numpy/ndarray.hpp"

int main() {
  const joblib::ndarray<const double> view;
#ifdef JOBLIB_CONTROL
  const joblib::ndarray<const double> array = view;
#else
  const joblib::ndarray<double> array = view;
#endif
}
