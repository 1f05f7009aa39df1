#include "decoder.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "joblib/core/error.hpp"

namespace joblib::detail {

DecoderSource::DecoderSource(ByteSource& source, std::string name, std::string_view magic,
                             std::unique_ptr<Decoder> decoder, std::uint64_t offset)
    : source_(source),
      name_(std::move(name)),
      magic_(magic),
      decoder_(std::move(decoder)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(capacity)),
      offset_(offset) {}

std::size_t DecoderSource::read(std::span<std::byte> buffer) {
  if (failure_ != nullptr) fail(failure_);
  for (;;) {
    if (state_ == State::between_streams) {
      state_ = begin_next_stream() ? State::in_stream : State::ended;
    }
    if (state_ == State::ended) return 0;
    if (input_.empty()) fill();
    const bool last = source_ended_;
    CoderStep step;
    try {
      step = decoder_->decode(input_, buffer, last);
    } catch (const DamagedData& damaged) {
      drop(damaged.consumed);
      fail("is damaged");
    }
    drop(step.consumed);
    if (step.ended) state_ = State::between_streams;
    if (step.produced > 0) return step.produced;
    if (step.ended || step.consumed > 0) continue;
    if (last) fail("is cut off");
    fill();
  }
}

// Adds to the input what fits and is there; false at the end.
bool DecoderSource::fill() {
  if (source_ended_) return false;
  std::ranges::copy(input_, buffer_.get());
  input_ = {buffer_.get(), input_.size()};
  const std::span room(buffer_.get() + input_.size(), capacity - input_.size());
  const std::size_t count = room.empty() ? 0 : source_.read(room);
  input_ = {buffer_.get(), input_.size() + count};
  source_ended_ = count == 0 && !room.empty();
  return count > 0;
}

bool DecoderSource::begin_next_stream() {
  if (magic_.empty()) return false;
  do {
    while (!input_.empty() && input_.front() == std::byte{0}) drop(1);
  } while (input_.empty() && fill());
  while (input_.size() < magic_.size() && fill()) {
  }
  const auto start = input_.first(std::min(input_.size(), magic_.size()));
  if (start.empty() || std::memcmp(start.data(), magic_.data(), start.size()) != 0) return false;
  if (start.size() < magic_.size()) fail("is cut off");
  decoder_->restart();
  return true;
}

void DecoderSource::drop(std::size_t count) {
  input_ = input_.subspan(count);
  offset_ += count;
}

void DecoderSource::fail(const char* failure) {
  failure_ = failure;
  throw Error(errc::corrupt_data, "The " + name_ + " data " + failure + " at byte " +
                                      std::to_string(offset_) +
                                      " of the compressed input: restore it from an intact copy.");
}

}  // namespace joblib::detail
