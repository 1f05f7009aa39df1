#include <libdeflate.h>

#include "cases.hpp"

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  cases.inflate("libdeflate", [&](const auto& bytes, const auto& buffer) {
    const auto call =
        cases.format() == "gzip" ? libdeflate_gzip_decompress : libdeflate_zlib_decompress;
    const auto decompressor = libdeflate_alloc_decompressor();
    std::size_t size = 0;
    call(decompressor, bytes.data(), bytes.size(), buffer.data(), buffer.size(), &size);
    libdeflate_free_decompressor(decompressor);
    return size;
  });
}
