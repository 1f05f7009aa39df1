#include <isa-l/igzip_lib.h>

#include "cases.hpp"

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  cases.inflate("isa-l", [&](const auto& bytes, const auto& buffer) {
    inflate_state state = {};
    isal_inflate_init(&state);
    state.crc_flag = cases.format() == "gzip" ? ISAL_GZIP : ISAL_ZLIB;
    state.next_in = bytes.data();
    state.avail_in = static_cast<std::uint32_t>(bytes.size());
    state.next_out = buffer.data();
    state.avail_out = static_cast<std::uint32_t>(buffer.size());
    return isal_inflate(&state) == ISAL_DECOMP_OK ? state.total_out : 0;
  });
}
