#pragma once

#include <chrono>
#include <span>
#include <string>

#include "context.hpp"
#include "joblib/backend/remote_backend.hpp"
#include "joblib/parallel/detail/call.hpp"

namespace joblib::detail {

// A batch that another process runs.
class BatchJob final : public RemoteJob {
 public:
  BatchJob(Batch& batch, const Context& context) : batch_(batch), context_(context) {}

  bytes run() override;
  bytes request() override;

 private:
  Batch& batch_;
  const Context& context_;
};

// Gives the results in `reply` to the batch, or throws the error of a task. Returns how long the
// tasks took.
std::chrono::duration<double> read_reply(std::span<const std::byte> reply, Batch& batch);

// "task 3", "tasks 3 to 17 (counted from 0)"
std::string name_of_tasks(const Batch& batch);

// Throws Error, naming the type, where tasks or results can't get to the backend and back.
void check_sendable(const RemoteBackend& backend, const TaskSource& source);

}  // namespace joblib::detail
