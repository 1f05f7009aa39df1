#pragma once

#include <chrono>
#include <span>
#include <string>
#include <utility>

#include "context.hpp"
#include "joblib/backend/remote_backend.hpp"
#include "joblib/parallel/detail/call.hpp"
#include "joblib/process/detail/shared_arrays.hpp"

namespace joblib::detail {

// "task 3" or "tasks 3 to 17", counted from 0.
std::string name_of_tasks(const Batch& batch);

// What the batches of a call to other processes have in common.
struct RemoteCall {
  RemoteCall(const ParallelOptions& options, int n_jobs);

  LastingArrays arrays;
  const Environment environment;
};

// A batch that another process runs.
class BatchJob final : public RemoteJob {
 public:
  BatchJob(Batch& batch, TaskMonitor& monitor, const Context& context, RemoteCall& call)
      : batch_(batch), monitor_(monitor), context_(context), call_(call) {}

  std::string name() const override { return name_of_tasks(batch_); }
  const Environment& environment() const override { return call_.environment; }
  void wait() override { monitor_.stop_clock(); }
  void begin() override { monitor_.start_clock(); }
  bytes run() override;
  bytes request() override;
  Message request_with_files() override;
  void keep_files(FileList files) override { files_ = std::move(files); }
  void make_file() override { files_ = {new_array_file(call_.arrays.options())}; }

  // Gives the results in the reply to the batch, or throws the error of a task. Returns how long
  // the tasks took.
  std::chrono::duration<double> read(std::span<const std::byte> reply);

  // False once a task has turned out to be none that can be pickled.
  bool can_be_sent() const noexcept { return can_be_sent_; }

 private:
  bytes request(const SharingOptions* sharing, MessageFiles* files);

  Batch& batch_;
  TaskMonitor& monitor_;
  const Context& context_;
  RemoteCall& call_;
  FileList files_ = {};  // of the reply
  bool can_be_sent_ = true;
};

// Throws Error, naming the type, where tasks or results can't get to the backend and back.
void check_sendable(const RemoteBackend& backend, const TaskSource& source);

}  // namespace joblib::detail
