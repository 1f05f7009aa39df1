#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "block_sink.hpp"
#include "decoder.hpp"

// The libraries behind zlib and gzip files: zlib, and ISA-L where it is built in.
namespace joblib::detail {

// What stands around the compressed bytes, with which checksum: Adler-32 or CRC-32.
enum class Wrapper { zlib, gzip };

#ifdef JOBLIB_WITH_ISAL
inline constexpr bool has_isal = true;
#else
inline constexpr bool has_isal = false;
#endif

// The compressed bytes refer to as many before them.
inline constexpr std::size_t deflate_window = 1 << 15;

// These write `block` without a wrapper; it may refer to the bytes of `window` before it, at most
// deflate_window of them. After the `last` one the stream is complete, after others it goes on at a
// whole byte.
void zlib_encode(std::span<const std::byte> window, std::span<const std::byte> block, int level,
                 bool last, EncodedBlock& encoded);
void isal_encode(std::span<const std::byte> window, std::span<const std::byte> block, int level,
                 bool last, EncodedBlock& encoded);

std::uint32_t zlib_checksum(Wrapper wrapper, std::span<const std::byte> bytes);
std::uint32_t isal_checksum(Wrapper wrapper, std::span<const std::byte> bytes);

std::unique_ptr<Decoder> make_zlib_decoder(Wrapper wrapper);
std::unique_ptr<Decoder> make_isal_decoder(Wrapper wrapper);

}  // namespace joblib::detail
