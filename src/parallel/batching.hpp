#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace joblib::detail {

struct BatchingLimits {
  int n_jobs = 1;
  std::size_t pre_dispatch = 1;           // batches drawn and not done (streams: not read)
  std::size_t batch_size = 0;             // fixed; 0: found from the durations
  bool stream = false;                    // results that are done count until they are read
  std::optional<std::size_t> total = {};  // tasks in the range
};

// Decides how many tasks are drawn at a time, and when. Automatic batches double while they take
// less than ideal_duration, shrink when they take too long, and towards the end of the range, so
// that the last ones end together. In a stream they grow only with what has been read: the number
// of unread results stays below the larger of `pre_dispatch` and the number of results read.
class Batching {
 public:
  using Duration = std::chrono::duration<double>;

  // Long against the cost of a batch (below a microsecond), short against what a user notices.
  static constexpr Duration ideal_duration = std::chrono::microseconds(30);
  // The same for batches with an overhead, which is the smallest one seen.
  static constexpr double ideal_per_overhead = 30;

  explicit Batching(BatchingLimits limits) : limits_(limits) {}

  // How many batches may be drawn now.
  std::size_t room() const noexcept { return limits_.pre_dispatch - open_; }
  // The size of the next one.
  std::size_t next_size() const noexcept;

  void drawn(std::size_t tasks) noexcept;
  // `overhead` is the part of the duration that a batch costs whatever its size.
  void done(std::size_t tasks, Duration duration, Duration overhead = {}) noexcept;
  void read(std::size_t tasks) noexcept;

 private:
  BatchingLimits limits_;
  std::size_t size_ = 1;  // of automatic batches
  std::size_t open_ = 0;  // batches that count for the limit
  std::size_t tasks_drawn_ = 0;
  std::size_t tasks_read_ = 0;
  Duration overhead_ = Duration::max();
};

}  // namespace joblib::detail
