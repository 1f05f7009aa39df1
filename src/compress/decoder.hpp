#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

// How far one call of a coder came.
struct CoderStep {
  std::size_t consumed = 0;  // bytes of the input
  std::size_t produced = 0;  // bytes of the output
  bool ended = false;        // the compressed stream is complete
};

// Why a Decoder can't go on; DecoderSource makes an Error of it that says where.
struct DamagedData {
  std::size_t consumed = 0;  // bytes of the input up to there
};

// Decompresses one stream of a format after another.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // Neither is empty, but `input` where it is the `last` one. No progress then means that the
  // stream is cut off. Throws DamagedData, or Error.
  virtual CoderStep decode(std::span<const std::byte> input, std::span<std::byte> output,
                           bool last) = 0;

  // Another stream begins.
  virtual void restart() = 0;
};

// Reads what a Decoder makes of another source: a stream, then all those that follow at once or
// after zero bytes and begin with `magic` (empty: none do). What else follows is ignored.
class DecoderSource final : public ByteSource {
 public:
  // `offset` bytes were taken from the source before it came here; errors count them.
  DecoderSource(ByteSource& source, std::string name, std::string_view magic,
                std::unique_ptr<Decoder> decoder, std::uint64_t offset = 0);

  std::size_t read(std::span<std::byte> buffer) override;

 private:
  bool fill();
  bool begin_next_stream();
  void drop(std::size_t count);
  [[noreturn]] void fail(const char* failure);

  static constexpr std::size_t capacity = 1 << 18;

  ByteSource& source_;
  std::string name_;
  std::string_view magic_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<std::byte[]> buffer_;
  std::span<const std::byte> input_ = {};  // not yet decoded; in buffer_
  std::uint64_t offset_;                   // of input_ in the source
  bool source_ended_ = false;
  const char* failure_ = nullptr;  // once it failed: what is wrong with the data
  enum class State { in_stream, between_streams, ended } state_ = State::in_stream;
};

}  // namespace joblib::detail
