#include "batching.hpp"

#include <algorithm>

namespace joblib::detail {
namespace {

constexpr std::size_t max_automatic_size = 1 << 16;
// A batch that took no time to speak of tells little: growth goes by steps.
constexpr std::size_t max_growth = 16;
// The last tasks are cut into this many batches per worker at least, but none gets smaller than
// this part of what takes ideal_duration.
constexpr std::size_t final_batches = 4;
constexpr std::size_t smallest_part = 8;

}  // namespace

std::size_t Batching::next_size() const noexcept {
  if (limits_.batch_size > 0) return limits_.batch_size;
  std::size_t size = size_;
  if (limits_.total) {
    const std::size_t left = *limits_.total - std::min(*limits_.total, tasks_drawn_);
    const std::size_t share = left / (final_batches * static_cast<std::size_t>(limits_.n_jobs));
    size = std::min(size, std::max(share, size / smallest_part));
  }
  if (limits_.stream) size = std::min(size, tasks_read_ / limits_.pre_dispatch);
  return std::max<std::size_t>(size, 1);
}

void Batching::drawn(std::size_t tasks) noexcept {
  ++open_;
  tasks_drawn_ += tasks;
}

void Batching::done(std::size_t tasks, Duration duration, Duration overhead) noexcept {
  if (!limits_.stream) --open_;
  overhead_ = std::min(overhead_, overhead);
  const Duration wanted = std::max(ideal_duration, ideal_per_overhead * overhead_);
  const double ideal = static_cast<double>(tasks) * (wanted / std::max(duration, Duration(1e-9)));
  const std::size_t ideal_size =
      std::clamp<std::size_t>(static_cast<std::size_t>(ideal), 1, max_automatic_size);
  if (duration > 2 * wanted) {
    size_ = std::min(size_, ideal_size);
  } else if (tasks >= size_ && ideal_size > size_) {
    size_ = std::min(max_growth * size_, ideal_size);
  }
}

void Batching::read(std::size_t tasks) noexcept {
  if (limits_.stream) --open_;
  tasks_read_ += tasks;
}

}  // namespace joblib::detail
