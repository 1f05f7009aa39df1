#include "reporter.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <utility>

#include "joblib/core/duration.hpp"
#include "joblib/core/log.hpp"

namespace joblib::detail {
namespace {

// From this level on messages go to standard output.
constexpr int verbose_to_stdout = 50;
// Above this level every completion is told, below it is thinned out.
constexpr int verbose_all = 10;

std::string padded(std::size_t number, int width) {
  char text[32];
  std::snprintf(text, sizeof(text), "%*zu", width, number);
  return text;
}

}  // namespace

Reporter::Reporter(Settings settings) : settings_(std::move(settings)) {}

void Reporter::print(const std::string& text) const {
  log(LogLevel::info, settings_.prefix + text,
      settings_.verbose < verbose_to_stdout ? std::cerr : std::cout);
}

void Reporter::using_backend(std::string_view backend, int workers) {
  if (settings_.verbose <= 0) return;
  print("Using backend " + std::string(backend) + " with " + std::to_string(workers) +
        " concurrent workers.");
}

void Reporter::dispatched(std::size_t tasks) {
  ++dispatched_batches_;
  dispatched_ += tasks;
}

void Reporter::completed(std::size_t tasks) {
  const std::lock_guard lock(mutex_);
  const std::size_t before = completed_;
  completed_ += tasks;
  if (settings_.verbose > 0) print_progress();
  if (range_ended_) note_end();
  if (!settings_.on_progress || on_progress_failed_) return;
  on_progress_failed_ = true;  // until all have been made
  for (std::size_t count = before + 1; count <= completed_; ++count) {
    const bool last = settings_.total == count;
    last_call_made_ = last_call_made_ || last;
    settings_.on_progress(
        {.completed = count, .total = settings_.total, .elapsed = elapsed(), .finished = last});
  }
  on_progress_failed_ = false;
}

void Reporter::range_ended() {
  const std::lock_guard lock(mutex_);
  range_ended_ = true;
  if (completed_ > 0 || settings_.pre_dispatch == 0) note_end();
}

void Reporter::call_ended() noexcept {
  const std::lock_guard lock(mutex_);
  if (!settings_.on_progress || std::exchange(last_call_made_, true)) return;
  try {
    settings_.on_progress({.completed = completed_,
                           .total = settings_.total,
                           .elapsed = elapsed(),
                           .finished = true});
  } catch (const std::exception& error) {
    log(LogLevel::error, settings_.prefix + "on_progress failed in its last call: " + error.what());
  } catch (...) {
    log(LogLevel::error, settings_.prefix + "on_progress failed in its last call");
  }
}

void Reporter::print_progress() const {
  if (end_noted_ && completed_ == dispatched_) return;  // note_end() tells of that
  const int width = counter_width();
  const std::string time = short_format_time(elapsed());
  if (!end_noted_) {
    if (is_thinned_out_while_dispatching()) return;
    const std::string out_of =
        settings_.total ? " out of " + padded(*settings_.total, width) + " "
                        : " tasks " + std::string(static_cast<std::size_t>(width) + 2, ' ');
    print("Done " + padded(completed_, width) + out_of + "| elapsed: " + time);
    return;
  }
  if (is_thinned_out_after_dispatching()) return;
  const auto remaining = elapsed() / static_cast<double>(std::max<std::size_t>(completed_, 1)) *
                         static_cast<double>(dispatched_ - completed_);
  print("Done " + padded(completed_, width) + " out of " + padded(dispatched_, width) +
        " | elapsed: " + time + " remaining: " + short_format_time(remaining));
}

void Reporter::note_end() {
  end_noted_ = true;
  if (completed_ == dispatched_) print_finished();
}

void Reporter::print_finished() {
  if (settings_.verbose <= 0 || std::exchange(finished_printed_, true)) return;
  const std::string count = padded(completed_, counter_width());
  print("Done " + count + " out of " + count + " | elapsed: " + short_format_time(elapsed()) +
        " finished");
}

// joblib's filters: the lines get sparser with the square of what has been dispatched ...
bool Reporter::is_thinned_out_while_dispatching() const {
  if (settings_.verbose > verbose_all || dispatched_batches_ == 0) return false;
  const double scale = 0.5 * std::pow(verbose_all + 1 - settings_.verbose, 2);
  const auto i = static_cast<double>(dispatched_batches_);
  return std::floor(std::sqrt((i + 1) / scale)) == std::floor(std::sqrt(i / scale));
}

// ... and come at even distances once everything is dispatched.
bool Reporter::is_thinned_out_after_dispatching() const {
  const auto dispatched = static_cast<long long>(dispatched_);
  const auto done = static_cast<long long>(completed_);
  const long long cursor = dispatched - done + 1 - static_cast<long long>(settings_.pre_dispatch);
  const long long frequency = dispatched / settings_.verbose + 1;
  return done + 1 == dispatched || cursor % frequency != 0;
}

std::chrono::duration<double> Reporter::elapsed() const {
  return std::chrono::steady_clock::now() - start_;
}

int Reporter::counter_width() const {
  if (!settings_.total || *settings_.total == 0) return 3;
  return static_cast<int>(std::to_string(*settings_.total).size());
}

}  // namespace joblib::detail
