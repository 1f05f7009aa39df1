#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "decoder.hpp"
#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

// Compresses one stream.
class Encoder {
 public:
  static constexpr std::size_t min_room = 1 << 19;

  virtual ~Encoder() = default;

  // `output` has min_room bytes or more. At least one byte of `input` is consumed, if there is one.
  virtual CoderStep encode(std::span<const std::byte> input, std::span<std::byte> output) = 0;

  // To be called until the stream has ended, with min_room bytes or more each time.
  virtual CoderStep end(std::span<std::byte> output) = 0;
};

// Writes what an Encoder makes of its bytes to another sink.
class EncoderSink final : public ByteSink {
 public:
  EncoderSink(ByteSink& target, std::unique_ptr<Encoder> encoder);

  void write(std::span<const std::byte> bytes) override;
  void finish() override;

 private:
  std::span<std::byte> room();
  void flush();

  ByteSink& target_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t filled_ = 0;
};

}  // namespace joblib::detail
