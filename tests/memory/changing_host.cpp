// Calls the function of a library through a cache: changing_host <library> <cache>. Prints whether
// the result was "there" or "computed", and what it is.

#include <iostream>

#include <dlfcn.h>

#include "joblib/memory.hpp"

int main(int, char** argv) {
  void* const library = ::dlopen(argv[1], RTLD_NOW);
  if (library == nullptr) return 1;
  const joblib::Memory memory(argv[2], {.verbose = 0});
  const auto changing = memory.cache(reinterpret_cast<int (*)(int)>(::dlsym(library, "changing")));
  std::cout << (changing.check_call_in_cache(1) ? "there " : "computed ") << changing(1);
}
