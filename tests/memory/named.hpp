#pragma once

namespace named {

/// In a shared library.
int from_library(int x);
struct Adder {
  int operator()(int x) const;
};

}  // namespace named
