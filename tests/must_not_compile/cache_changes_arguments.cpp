// error: a function that changes its arguments can't be cached
#include "joblib/memory.hpp"

#ifdef JOBLIB_CONTROL
int next(const int& x) { return x + 1; }
#else
int next(int& x) { return ++x; }
#endif

int main() { joblib::Memory(std::nullopt).cache("next", next); }
