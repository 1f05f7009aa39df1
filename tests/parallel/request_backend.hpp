#pragma once

#include <atomic>

#include "joblib/backend/remote_backend.hpp"
#include "joblib/core/error.hpp"

namespace joblib::test {

/// Runs requests in this process, as another one would; tasks for which there is no request are run
/// as after a fork, unless it is strict.
class RequestBackend : public RemoteBackend {
 public:
  explicit RequestBackend(bool strict = false) : strict_(strict) {}

  std::string_view name() const override { return "RequestBackend"; }
  bool sends_tasks() const override { return strict_; }
  BackendTraits traits() const override {
    return {.supports_sharedmem = false,
            .uses_threads = false,
            .supports_timeout = false,  // it can't end a task
            .caller_works = true};
  }

  bytes run(RemoteJob& job, const std::stop_token& /*stop*/) override {
    bytes request;
    try {
      request = job.request();
    } catch (const Error& error) {
      if (strict_ || error.code() != errc::invalid_argument) throw;
      return job.run();
    }
    ++requests;
    return run_request(request);
  }

  std::atomic<int> requests = 0;

 private:
  bool strict_;
};

}  // namespace joblib::test
