// Registers the store of flat_store.cpp and keeps results in it.

#include <iostream>
#include <joblib/memory.hpp>

#include "flat_store.hpp"

double half(double x) { return x / 2; }

int main() {
  // [register]
  joblib::register_store_backend("flat", make_flat_store);
  const joblib::Memory memory("flat_store", {.backend = "flat", .verbose = 0});
  // [register]

  // [use]
  const auto cached = memory.cache("features/half", half, {.version = "1"});
  cached(3);
  cached(3);
  for (const joblib::CacheEntry& entry : memory.entries()) std::cout << entry.function << '\n';
  std::cout << memory.stats().hits << " hit, " << memory.stats().misses << " miss\n";
  memory.clear();
  // [use]
}
