#include "named.hpp"

int named::from_library(int x) { return x + 1; }
int named::Adder::operator()(int x) const { return x + 1; }
