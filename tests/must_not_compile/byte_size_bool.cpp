// error: ByteSize
#include "joblib/core/byte_size.hpp"

int main() {
#ifdef JOBLIB_CONTROL
  const joblib::ByteSize size(1);
#else
  const joblib::ByteSize size(true);
#endif
  return static_cast<int>(size.bytes());
}
