// error: the elements of an ndarray are arithmetic types
#include <string>

#include "joblib/numpy/ndarray.hpp"

int main() {
#ifdef JOBLIB_CONTROL
  joblib::ndarray<char> array;
#else
  joblib::ndarray<std::string> array;
#endif
}
