#pragma once

#include "joblib/backend/remote_backend.hpp"

namespace joblib {

/// A child process for each batch of tasks, forked when it is to run: it sees the caller's memory
/// as it is at that moment, so that tasks need not be sent, and what it changes there is lost. Only
/// results come back. It ends by _exit, without destructors of static objects, is killed when it is
/// not wanted any more, and ends when the caller's process does.
class MultiprocessingBackend : public RemoteBackend {
 public:
  std::string_view name() const override { return "MultiprocessingBackend"; }
  bytes run(RemoteJob& job, const std::stop_token& stop) override;
  bool sends_tasks() const override { return false; }
  /// 1, with a warning, inside of one of its own children.
  int effective_n_jobs(int n_jobs) const override;
};

}  // namespace joblib
