#include <lzma.h>

#include "cases.hpp"

/// The memory that the codec itself needs at the level of the case, and 8 MB.
int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  if (cases.format() != "xz") return 0;
  lzma_mt options = {};
  options.threads = 2;
  options.preset = static_cast<std::uint32_t>(cases.level());
  options.check = LZMA_CHECK_CRC64;
  const auto bytes = static_cast<double>(lzma_stream_encoder_mt_memusage(&options));
  bench::report(cases.name() + "_memory", "liblzma's own + 8 MB, threads: 2", {bytes + 8e6});
}
