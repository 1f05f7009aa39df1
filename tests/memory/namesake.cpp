#include "named.hpp"

namespace features {
static int namesake(int x) { return x + 1; }  // names_test.cpp has another one
}  // namespace features

int named::from_namesake(int x) {
  int (*volatile called)(int) = features::namesake;
  return called(x);
}
