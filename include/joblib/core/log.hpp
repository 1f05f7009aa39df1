#pragma once

#include <functional>
#include <iosfwd>
#include <string_view>

namespace joblib {

enum class LogLevel { debug, info, warning, error };

/// One message of the library, without a trailing newline.
struct LogRecord {
  LogLevel level;
  std::string_view text;  ///< valid during the call of the sink only
  std::ostream& stream;   ///< where joblib would print it: std::cerr or std::cout
};

using LogSink = std::function<void(const LogRecord&)>;

/// Sends all later messages to `sink`; an empty one restores the default, which writes each message
/// as one line to its stream, debug messages left out. Returns the sink that was active. Calls of
/// the sink never overlap; it must not log itself. Thread-safe.
LogSink set_log_sink(LogSink sink);

/// Hands a message to the active sink. Errors thrown by the sink are dropped.
void log(LogLevel level, std::string_view text) noexcept;
void log(LogLevel level, std::string_view text, std::ostream& stream) noexcept;

}  // namespace joblib
