#include "block_sink.hpp"

#include <algorithm>
#include <utility>

namespace joblib::detail {

namespace {

// Blocks in memory. Each takes up to twice its size, for itself and for what it becomes.
std::size_t max_blocks(const BlockFormat& format) {
  constexpr std::size_t max_bytes = 32 << 20;
  return max_bytes / (2 * format.block_size());
}

}  // namespace

BlockSink::BlockSink(ByteSink& target, std::unique_ptr<BlockFormat> format, int n_threads)
    : target_(target),
      format_(std::move(format)),
      max_in_flight_(n_threads == 1 ? 0
                                    : std::min(2 * static_cast<std::size_t>(n_threads),
                                               max_blocks(*format_) - 1)),
      filling_(std::make_unique<Block>(*format_)),
      queue_(std::min(static_cast<std::size_t>(n_threads), max_blocks(*format_))) {}

void BlockSink::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (filling_->content().size() == format_->block_size()) hand_in(false);
    const std::size_t room = format_->block_size() - filling_->content().size();
    const auto part = bytes.first(std::min(bytes.size(), room));
    filling_->bytes.insert(filling_->bytes.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
  }
}

void BlockSink::finish() {
  hand_in(true);
  while (!in_flight_.empty()) write_oldest();
  target_.write(format_->trailer());
}

void BlockSink::hand_in(bool last) {
  if (unused_.empty()) unused_.push_back(std::make_unique<Block>(*format_));
  std::unique_ptr<Block> next = std::move(unused_.back());
  unused_.pop_back();
  next->window_size = std::min(format_->window_size(), filling_->bytes.size());
  next->bytes.assign(filling_->bytes.end() - static_cast<std::ptrdiff_t>(next->window_size),
                     filling_->bytes.end());
  filling_->last = last;
  in_flight_.push_back(std::exchange(filling_, std::move(next)));
  queue_.add(*in_flight_.back());
  while (in_flight_.size() > max_in_flight_) write_oldest();
}

void BlockSink::write_oldest() {
  std::unique_ptr<Block> block = std::move(in_flight_.front());
  in_flight_.pop_front();
  queue_.wait(*block);
  format_->add(block->encoded, block->content().size());
  target_.write(std::span(block->encoded.room).first(block->encoded.size));
  unused_.push_back(std::move(block));
}

}  // namespace joblib::detail
