#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "joblib/core/duration.hpp"
#include "joblib/parallel/progress.hpp"

namespace joblib {
namespace {

class ProgressBar {
 public:
  explicit ProgressBar(ProgressBarOptions options) : options_(std::move(options)) {}

  void show(const Progress& progress) {
    constexpr std::chrono::duration<double> pause = std::chrono::milliseconds(100);
    const bool first = progress.elapsed < drawn_at_;  // a new call
    if (!progress.finished && !first && progress.elapsed - drawn_at_ < pause) return;
    drawn_at_ = progress.elapsed;
    std::cerr << '\r' + line(progress) + "\x1b[K" + (progress.finished ? "\n" : "") << std::flush;
    if (progress.finished) drawn_at_ = never_drawn;
  }

 private:
  static constexpr std::chrono::duration<double> never_drawn{-1};

  std::string line(const Progress& progress) const {
    std::string text = options_.label.empty() ? "" : options_.label + " ";
    if (progress.total) {
      const std::size_t total = std::max<std::size_t>(*progress.total, 1);
      const auto width = static_cast<std::size_t>(std::max(options_.width, 0));
      const std::size_t filled = std::min(progress.completed * width / total, width);
      text += "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " +
              std::to_string(progress.completed) + "/" + std::to_string(*progress.total);
    } else {
      text += std::to_string(progress.completed) + " tasks";
    }
    text += ' ' + short_format_time(progress.elapsed);
    if (!progress.finished && progress.total && progress.completed > 0) {
      const auto left = static_cast<double>(*progress.total - progress.completed);
      text += " left:" +
              short_format_time(progress.elapsed / static_cast<double>(progress.completed) * left);
    }
    return text;
  }

  ProgressBarOptions options_;
  std::chrono::duration<double> drawn_at_ = never_drawn;
};

}  // namespace

std::function<void(const Progress&)> progress_bar(ProgressBarOptions options) {
  if (isatty(STDERR_FILENO) == 0) return [](const Progress&) {};
  auto bar = std::make_shared<ProgressBar>(std::move(options));
  return [bar](const Progress& progress) { bar->show(progress); };
}

}  // namespace joblib
