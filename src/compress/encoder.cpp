#include "encoder.hpp"

#include <utility>

namespace joblib::detail {

namespace {

constexpr std::size_t buffer_size = 2 * Encoder::min_room;

}  // namespace

EncoderSink::EncoderSink(ByteSink& target, std::unique_ptr<Encoder> encoder)
    : target_(target),
      encoder_(std::move(encoder)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_size)) {}

void EncoderSink::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const CoderStep step = encoder_->encode(bytes, room());
    bytes = bytes.subspan(step.consumed);
    filled_ += step.produced;
  }
}

void EncoderSink::finish() {
  CoderStep step;
  do {
    step = encoder_->end(room());
    filled_ += step.produced;
  } while (!step.ended);
  flush();
}

// Of min_room bytes or more.
std::span<std::byte> EncoderSink::room() {
  if (buffer_size - filled_ < Encoder::min_room) flush();
  return {buffer_.get() + filled_, buffer_size - filled_};
}

void EncoderSink::flush() { target_.write({buffer_.get(), std::exchange(filled_, 0)}); }

}  // namespace joblib::detail
