#include "read_ahead.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace joblib::detail {

std::size_t ReadAhead::read(std::span<std::byte> buffer) {
  for (;;) {
    start_or_wait();
    Chunk& chunk = chunks_[current_];
    if (taken_ < chunk.size) {
      const std::size_t count = std::min(buffer.size(), chunk.size - taken_);
      std::copy_n(chunk.bytes.get() + taken_, count, buffer.begin());
      taken_ += count;
      return count;
    }
    if (chunk.error) std::rethrow_exception(chunk.error);
    if (chunk.is_last()) return 0;
    taken_ = 0;
    current_ = (current_ + 1) % chunks_.size();
    const std::lock_guard lock(mutex_);
    --filled_;
    changed_.notify_one();
  }
}

// Brings about that the current chunk is filled: without a thread the first one, and all where the
// system has no more threads.
void ReadAhead::start_or_wait() {
  {
    std::unique_lock lock(mutex_);
    if (thread_.joinable()) changed_.wait(lock, [this] { return filled_ > 0; });
    if (filled_ > 0) return;
  }
  fill(chunks_[current_]);
  filled_ = 1;
  if (chunks_[current_].is_last()) return;
  try {
    thread_ = std::jthread([this, next = (current_ + 1) % chunks_.size()](
                               const std::stop_token& stop) { run(stop, next); });
  } catch (const std::system_error&) {
  }
}

void ReadAhead::run(const std::stop_token& stop, std::size_t first) {
  for (std::size_t next = first;; next = (next + 1) % chunks_.size()) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return filled_ < chunks_.size(); })) return;
    }
    fill(chunks_[next]);
    const bool last = chunks_[next].is_last();
    const std::lock_guard lock(mutex_);
    ++filled_;
    changed_.notify_one();
    if (last) return;
  }
}

void ReadAhead::fill(Chunk& chunk) {
  chunk.size = 0;
  try {
    if (chunk.bytes == nullptr) {
      chunk.bytes = std::make_unique_for_overwrite<std::byte[]>(chunk_size);
    }
    while (chunk.size < chunk_size) {
      const std::size_t count =
          source_->read({chunk.bytes.get() + chunk.size, chunk_size - chunk.size});
      if (count == 0) return;
      chunk.size += count;
    }
  } catch (...) {
    chunk.error = std::current_exception();
  }
}

}  // namespace joblib::detail
