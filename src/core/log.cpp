#include "joblib/core/log.hpp"

#include <iostream>
#include <mutex>
#include <string>
#include <utility>

#include "joblib/core/detail/fork_safe_mutex.hpp"

namespace joblib {

namespace {

struct ActiveSink {
  detail::ForkSafeMutex mutex;
  LogSink sink;
};

// Never destroyed: threads and destructors of static objects may log until the process ends.
ActiveSink& active_sink() {
  static auto& active = *new ActiveSink;
  return active;
}

[[maybe_unused]] const auto& made_at_load = active_sink();

void write_line(const LogRecord& record) {
  if (record.level == LogLevel::debug) return;
  std::string line(record.text);
  line += '\n';
  record.stream << line << std::flush;
}

}  // namespace

LogSink set_log_sink(LogSink sink) {
  auto& active = active_sink();
  const std::lock_guard lock(active.mutex);
  return std::exchange(active.sink, std::move(sink));
}

void log(LogLevel level, std::string_view text) noexcept { log(level, text, std::cerr); }

void log(LogLevel level, std::string_view text, std::ostream& stream) noexcept try {
  auto& active = active_sink();
  const std::lock_guard lock(active.mutex);
  const LogRecord record{level, text, stream};
  if (active.sink) {
    active.sink(record);
  } else {
    write_line(record);
  }
} catch (...) {  // NOLINT(bugprone-empty-catch): a message must not make its cause worse
}

}  // namespace joblib
