#pragma once

namespace named {

/// In a shared library.
int from_library(int x);
struct Adder {
  int operator()(int x) const;
};

/// Calls a function of its file alone.
int from_namesake(int x);

}  // namespace named
