#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace joblib {

/// How far a call has come. `on_progress` is called after each task, whatever the backend and the
/// batch size, with `completed` = 1, 2, 3 ... in this order; calls never overlap but may come from
/// any thread. The last call of all has `finished` set; it is an extra one where the end couldn't
/// be known before: when the range doesn't know its size, and when the call fails or is left early.
struct Progress {
  std::size_t completed = 0;
  std::optional<std::size_t> total = {};  ///< the number of tasks, if the range knows its size
  std::chrono::duration<double> elapsed = {};
  bool finished = false;
};

struct ProgressBarOptions {
  std::string label = {};  ///< printed before the bar
  int width = 40;          ///< of the bar itself, in characters
};

/// A progress bar on standard error for `on_progress`: silent when standard error is no terminal.
/// Drawn at most ten times a second, and once more at the end.
std::function<void(const Progress&)> progress_bar(ProgressBarOptions options = {});

}  // namespace joblib
