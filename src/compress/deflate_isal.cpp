#include "deflate.hpp"

#ifdef JOBLIB_WITH_ISAL

#include <algorithm>

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace joblib::detail {

namespace {

// ISA-L takes what it only reads through pointers to bytes that it could change.
std::uint8_t* isal_bytes(std::span<const std::byte> bytes) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

#if defined(__x86_64__)
[[gnu::target("avx")]] void clear_upper_registers() { _mm256_zeroupper(); }
#endif

// ISA-L leaves the upper halves of the vector registers in use, and the processor is slower then
// for all code that comes after it and doesn't use them: zlib by a fifth.
class RegisterGuard {
 public:
  RegisterGuard() = default;
  ~RegisterGuard() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx")) clear_upper_registers();
#endif
  }
  RegisterGuard(const RegisterGuard&) = delete;
  RegisterGuard& operator=(const RegisterGuard&) = delete;
};

class IsalDecoder final : public Decoder {
 public:
  explicit IsalDecoder(Wrapper wrapper) {
    isal_inflate_init(&state_);
    state_.crc_flag = wrapper == Wrapper::gzip ? ISAL_GZIP : ISAL_ZLIB;
  }

  CoderStep decode(std::span<const std::byte> input, std::span<std::byte> output,
                   bool /*last*/) override {
    const RegisterGuard guard;
    const std::size_t room = std::min(output.size(), std::size_t{1} << 30);
    state_.next_in = isal_bytes(input);
    state_.avail_in = static_cast<std::uint32_t>(input.size());
    state_.next_out = isal_bytes(output);
    state_.avail_out = static_cast<std::uint32_t>(room);
    const int result = isal_inflate(&state_);
    // Of damaged data it gives back more than it was given: what it had kept from the last call.
    const std::size_t left = std::min<std::size_t>(state_.avail_in, input.size());
    const std::size_t consumed = input.size() - left;
    if (result != ISAL_DECOMP_OK && result != ISAL_END_INPUT) throw DamagedData{consumed};
    return {consumed, room - state_.avail_out, state_.block_state == ISAL_BLOCK_FINISH};
  }

  void restart() override { isal_inflate_reset(&state_); }

 private:
  inflate_state state_ = {};
};

}  // namespace

void isal_encode(std::span<const std::byte> window, std::span<const std::byte> block, int level,
                 bool last, EncodedBlock& encoded) {
  const RegisterGuard guard;
  const auto stream = std::make_unique_for_overwrite<isal_zstream>();
  constexpr std::uint32_t level_buffer_size =
      std::max(ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT);
  const auto level_buffer = std::make_unique_for_overwrite<std::uint8_t[]>(level_buffer_size);
  isal_deflate_init(stream.get());
  stream->level = static_cast<std::uint32_t>(level);
  stream->level_buf = level_buffer.get();
  stream->level_buf_size = level_buffer_size;
  stream->flush = SYNC_FLUSH;
  stream->end_of_stream = last;
  isal_deflate_set_dict(stream.get(), isal_bytes(window),
                        static_cast<std::uint32_t>(window.size()));
  stream->next_in = isal_bytes(block);
  stream->avail_in = static_cast<std::uint32_t>(block.size());
  encoded.size = 0;
  do {
    if (encoded.room.size() == encoded.size) {
      encoded.room.resize(encoded.size + block.size() + block.size() / 16 + 1024);
    }
    const auto room = std::span(encoded.room).subspan(encoded.size);
    stream->next_out = isal_bytes(room);
    stream->avail_out = static_cast<std::uint32_t>(room.size());
    isal_deflate(stream.get());
    encoded.size += room.size() - stream->avail_out;
  } while (stream->avail_out == 0);
}

std::uint32_t isal_checksum(Wrapper wrapper, std::span<const std::byte> bytes) {
  const RegisterGuard guard;
  return wrapper == Wrapper::gzip ? crc32_gzip_refl(0, isal_bytes(bytes), bytes.size())
                                  : isal_adler32(1, isal_bytes(bytes), bytes.size());
}

std::unique_ptr<Decoder> make_isal_decoder(Wrapper wrapper) {
  return std::make_unique<IsalDecoder>(wrapper);
}

}  // namespace joblib::detail

#endif
