#pragma once

#include <utility>

#include "joblib/core/log.hpp"

namespace joblib::test {

/// Makes a sink the active one, and restores the previous one at the end of the scope.
class SinkGuard {
 public:
  explicit SinkGuard(LogSink sink) : previous_(set_log_sink(std::move(sink))) {}
  ~SinkGuard() { set_log_sink(std::move(previous_)); }
  SinkGuard(const SinkGuard&) = delete;
  SinkGuard& operator=(const SinkGuard&) = delete;

 private:
  LogSink previous_;
};

}  // namespace joblib::test
