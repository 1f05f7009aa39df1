#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "joblib/backend/parallel_backend.hpp"
#include "joblib/core/byte_size.hpp"
#include "joblib/io/mmap_mode.hpp"
#include "joblib/parallel/progress.hpp"

namespace joblib {

/// Tasks per batch: "auto", or a number of at least 1. Unset is not "auto" but taken from the
/// context.
class BatchSize {
 public:
  BatchSize() = default;
  BatchSize(const char* text) : BatchSize(std::string_view(text)) {}
  BatchSize(std::string_view text);  ///< anything but "auto" is an Error
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  BatchSize(Integer tasks) : state_(State::set), tasks_(static_cast<std::size_t>(tasks)) {
    if (tasks < Integer{1}) refuse(std::to_string(tasks));
  }

  bool has_value() const noexcept { return state_ != State::unset; }
  /// The fixed number of tasks; 0 means "auto".
  std::size_t tasks() const noexcept { return tasks_; }

 private:
  enum class State : unsigned char { unset, set };
  [[noreturn]] static void refuse(const std::string& got);

  State state_ = State::unset;
  std::size_t tasks_ = 0;
};

/// Turns a limit off: `.max_nbytes = joblib::never`.
struct Never {};
inline constexpr Never never{};

/// The size above which array arguments travel to other processes as memory maps: "1M" by default.
class MaxBytes {
 public:
  MaxBytes() = default;
  MaxBytes(Never) : set_(true) {}
  template <std::convertible_to<ByteSize> Size>
  MaxBytes(const Size& size) : set_(true), limit_(ByteSize(size)) {}

  bool has_value() const noexcept { return set_; }
  const std::optional<ByteSize>& limit() const noexcept { return limit_; }

 private:
  bool set_ = false;
  std::optional<ByteSize> limit_ = {};
};

/// A hint for the choice among default backends; an explicit backend ignores it.
enum class Prefer { unset, threads, processes };

/// A condition on the backend: `sharedmem` takes threads in place of the context's backend if that
/// one can't share memory, and is an Error together with an explicit one that can't.
enum class Require { unset, sharedmem };

/// The options of `Parallel` and `parallel_config`. A member left unset takes its value from the
/// active parallel_config, then the default named here.
struct ParallelOptions {
  /// Tasks at once: a positive number is literal, -1 all cores, -2 all but one, 0 an Error when a
  /// call starts. Default: the backend's, 1 for the built-in ones.
  std::optional<int> n_jobs = {};
  BackendRef backend = {};          ///< a name or an object; default: default_parallel_backend()
  std::optional<int> verbose = {};  ///< 0 quiet (default), 1 some progress lines .. above 10 all
  /// Of one task, measured from its start; default: none. Ignored with a warning where one job
  /// runs.
  std::optional<std::chrono::duration<double>> timeout = {};
  /// Batches taken from the range before earlier ones have finished: "all", or arithmetic of
  /// numbers and `n_jobs`; default "2*n_jobs".
  std::optional<std::string> pre_dispatch = {};
  BatchSize batch_size = {};  ///< default "auto": small tasks are run in batches
  std::filesystem::path temp_folder =
      {};                    ///< of mapped arguments; backends in this process ignore it
  MaxBytes max_nbytes = {};  ///< default "1M"; backends in this process ignore it
  std::optional<MmapMode> mmap_mode = {};  ///< default r; backends in this process ignore it
  Prefer prefer = {};
  Require require = {};
  /// Cancels the call: nothing more is started, running tasks see the request in their own
  /// stop_token, and once they have returned the call throws Cancelled. Default: the token of the
  /// enclosing task.
  std::stop_token stop = {};
  std::function<void(const Progress&)> on_progress = {};
  /// Threads that OpenMP and BLAS may use inside of each task; default: untouched.
  std::optional<int> inner_max_num_threads = {};
  BackendOptions backend_options = {};  ///< given to the factory of a backend chosen by name
};

}  // namespace joblib
