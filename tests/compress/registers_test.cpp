#include "compress/formats.hpp"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

using namespace joblib_test;

namespace {

// Whether the processor can tell.
bool knows_registers_in_use() {
  unsigned features = 0;
  unsigned unused = 0;
  return __builtin_cpu_supports("avx") &&
         __get_cpuid_count(0xd, 1, &features, &unused, &unused, &unused) != 0 &&
         (features & 4) != 0;
}

[[gnu::target("xsave")]] bool upper_registers_in_use() { return (_xgetbv(1) & 4) != 0; }

}  // namespace

// While they do, code that doesn't use them is slower.
TEST_CASE("Compressing and decompressing leave the upper halves of the vector registers unused") {
  if (!knows_registers_in_use()) return;
  const auto format = GENERATE("zlib", "gzip");
  CAPTURE(format);
  const Bytes bytes = compressible_bytes(100'000);
  const Bytes compressed = compress(format, bytes, {.level = 1});
  CHECK_FALSE(upper_registers_in_use());
  decompress(format, compressed);
  CHECK_FALSE(upper_registers_in_use());
}

#endif
