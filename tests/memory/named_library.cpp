#include "named.hpp"

int named::from_library(int x) { return x + 1; }
