#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "joblib/parallel/progress.hpp"

namespace joblib::detail {

// Tells of a call's progress: joblib's lines for `verbose`, and `on_progress`. Thread-safe; calls
// of on_progress are made one at a time, with no lock of the dispatcher held.
class Reporter {
 public:
  struct Settings {
    std::string prefix;  // "[Parallel(n_jobs=2)]: "
    int verbose = 0;
    std::function<void(const Progress&)> on_progress = {};
    std::optional<std::size_t> total = {};
    // Batches dispatched ahead; 0 where there is no ahead: one job, or all tasks at once.
    std::size_t pre_dispatch = 0;
  };

  explicit Reporter(Settings settings);

  // Whether anybody listens; if not, the other members need not be called.
  bool active() const noexcept { return settings_.verbose > 0 || settings_.on_progress; }

  void using_backend(std::string_view backend, int workers);
  void dispatched(std::size_t tasks);
  // Tells of `tasks` more that are done. Passes on what on_progress throws.
  void completed(std::size_t tasks);
  // The range has no more tasks. joblib notices that when it dispatches after a completion: told
  // earlier, it counts from the first completion on.
  void range_ended();
  // The call is over. Makes the last call of on_progress if it has not been made; never throws.
  void call_ended() noexcept;

 private:
  void print(const std::string& text) const;
  void print_progress() const;
  void note_end();
  void print_finished();
  bool is_thinned_out_while_dispatching() const;
  bool is_thinned_out_after_dispatching() const;
  std::chrono::duration<double> elapsed() const;
  int counter_width() const;

  Settings settings_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::atomic<std::size_t> dispatched_batches_ = 0;  // whoever draws doesn't wait for on_progress
  std::atomic<std::size_t> dispatched_ = 0;
  std::size_t completed_ = 0;  // guarded by mutex_, as what follows
  bool range_ended_ = false;
  bool end_noted_ = false;
  bool finished_printed_ = false;
  bool on_progress_failed_ = false;  // only its last call is made then
  bool last_call_made_ = false;
};

}  // namespace joblib::detail
