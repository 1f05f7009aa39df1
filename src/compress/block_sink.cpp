#include "block_sink.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace joblib::detail {

namespace {

constexpr std::size_t max_bytes_in_flight = 32 << 20;

}  // namespace

// A block in flight takes up to twice its size, for itself and for what it becomes.
BlockSink::BlockSink(ByteSink& target, std::unique_ptr<BlockFormat> format, int n_threads)
    : target_(target), format_(std::move(format)) {
  const std::size_t max_blocks = max_bytes_in_flight / (2 * format_->block_size());
  n_threads_ = std::min(static_cast<std::size_t>(n_threads), max_blocks);
  max_in_flight_ = std::min(n_threads_ == 1 ? 0 : 2 * n_threads_, max_blocks - 1);
}

BlockSink::~BlockSink() {
  const Lock lock(mutex_);
  waiting_.clear();
}

void BlockSink::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (filling_->bytes.size() == format_->block_size()) hand_in(false);
    const auto part =
        bytes.first(std::min(bytes.size(), format_->block_size() - filling_->bytes.size()));
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
  if (spare_.empty()) spare_.push_back(std::make_unique<Block>());
  filling_->last = last;
  in_flight_.push_back(std::exchange(filling_, std::move(spare_.back())));
  spare_.pop_back();
  {
    const Lock lock(mutex_);
    waiting_.push_back(in_flight_.back().get());
  }
  if (!last) add_worker();
  waiting_changed_.notify_one();
  while (in_flight_.size() > max_in_flight_) write_oldest();
}

// Compresses blocks for as long as the oldest one isn't done.
void BlockSink::write_oldest() {
  Block& oldest = *in_flight_.front();
  {
    Lock lock(mutex_);
    while (!oldest.done) {
      if (waiting_.empty()) {
        block_done_.wait(lock);
      } else {
        encode_next(lock);
      }
    }
  }
  std::unique_ptr<Block> block = std::move(in_flight_.front());
  in_flight_.pop_front();
  if (block->error) std::rethrow_exception(block->error);
  format_->add(block->encoded, block->bytes.size());
  target_.write(std::span(block->encoded.room).first(block->encoded.size));
  block->bytes.clear();
  block->done = false;
  spare_.push_back(std::move(block));
}

void BlockSink::encode_next(Lock& lock) {
  Block& block = *waiting_.front();
  waiting_.pop_front();
  lock.unlock();
  try {
    format_->encode(block.bytes, block.last, block.encoded);
  } catch (...) {
    block.error = std::current_exception();
  }
  lock.lock();
  block.done = true;
  block_done_.notify_one();
}

void BlockSink::work(const std::stop_token& stop) {
  Lock lock(mutex_);
  while (waiting_changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    encode_next(lock);
  }
}

// One for each block until all are there. Where the system has no more threads, fewer must do.
void BlockSink::add_worker() {
  if (workers_.size() + 1 >= n_threads_) return;
  try {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  } catch (const std::system_error&) {
    n_threads_ = workers_.size() + 1;
  }
}

}  // namespace joblib::detail
