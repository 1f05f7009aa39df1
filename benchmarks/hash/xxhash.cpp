#include <xxhash.h>

#include "cases.hpp"

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  cases.array("xxh3", "xxhash", [](const std::vector<double>& values) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical,
                             XXH3_128bits(values.data(), values.size() * sizeof(double)));
    return std::string(std::begin(canonical.digest), std::end(canonical.digest));
  });
}
