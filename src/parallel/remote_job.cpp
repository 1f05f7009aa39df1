#include "remote_job.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>

#include "joblib/backend/threading.hpp"
#include "joblib/core/detail/code_module.hpp"
#include "joblib/core/error.hpp"
#include "joblib/io/memory.hpp"
#include "joblib/parallel/detail/result_batch.hpp"
#include "joblib/parallel/detail/wire.hpp"
#include "joblib/pickle/load.hpp"
#include "joblib/process/code_address.hpp"
#include "thread_limit.hpp"

// A request is the pickle of (tasks, header, how the arrays of the reply travel or None), a reply
// that of (seconds, results or error, whether it is an error).

namespace joblib::detail {
namespace {

// Of a BatchReader: module and offset. Of the context: level, core share,
// inner_max_num_threads, whether in a cached call. Of the batch: the index of the first task.
using Header =
    std::tuple<std::string, std::uint64_t, int, int, std::optional<int>, bool, std::size_t>;

// max_nbytes, temp_folder, writes_through.
using Sharing = std::tuple<std::uint64_t, std::filesystem::path, bool>;

template <class Save>
bytes pickled(ArrayFiles* files, Save save_value) {
  MemorySink sink;
  PickleWriter writer(sink, {.files = files});
  save_value(writer);
  writer.finish();
  return bytes(sink.take());
}

bytes error_reply(const std::exception_ptr& error, std::size_t task) {
  const auto write = [&](const std::exception_ptr& what) {
    return pickled(nullptr, [&](PickleWriter& writer) {
      writer.begin_tuple(3);
      writer.real(0);
      write_error(writer, what, task);
      writer.boolean(true);
      writer.end_tuple(3);
    });
  };
  const auto write_instead = [&](const std::string& why) {
    return write(std::make_exception_ptr(Error(
        errc::task_failed, "the error of a task can't be sent to the caller's process: " + why)));
  };
  try {
    return write(error);
  } catch (const std::exception& unwritten) {  // its state can't be pickled
    return write_instead(unwritten.what());
  } catch (...) {
    return write_instead("its pickler throws what is no std::exception");
  }
}

// An outcome that can't be sent becomes an error that says so.
bytes reply_of(Batch& batch, double seconds, ArrayFiles* files) {
  for (;;) {
    try {
      return pickled(files, [&](PickleWriter& writer) {
        writer.begin_tuple(3);
        writer.real(seconds);
        batch.write_results(writer);
        writer.boolean(false);
        writer.end_tuple(3);
      });
    } catch (const ResultError& error) {
      if (!batch.keep_error_of(error.task(), std::current_exception())) throw;
    }
  }
}

// Runs the tasks with nothing to stop them but the end of the process. Arrays of their results go
// to `files` unless it is null.
bytes run_here(Batch& batch, Context context, ArrayFiles* files) {
  const std::stop_source stop;
  context.options.stop = stop.get_token();
  const ContextScope scope(std::make_shared<const Context>(std::move(context)));
  const std::atomic<unsigned> flags = TaskMonitor::counted;
  TaskMonitor monitor(flags, stop.get_token(), {});
  monitor.begin_batch(batch.first(), 1);
  try {
    const auto begin = std::chrono::steady_clock::now();
    batch.run(monitor);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    return reply_of(batch, seconds.count(), files);
  } catch (const ResultError& error) {
    return error_reply(std::current_exception(), error.task());
  } catch (...) {
    return error_reply(std::current_exception(), monitor.task());
  }
}

bytes unreadable_reply(const std::exception_ptr& error, std::size_t first) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& what) {
    return error_reply(
        std::make_exception_ptr(Error(
            what.code(), "a worker process can't read its tasks: " + std::string(what.what()))),
        first);
  } catch (...) {  // of a pickler
    return error_reply(error, first);
  }
}

Message answer(std::span<const std::byte> request, const FileList& came) {
  Load load(request, ReceivedFiles(came));
  Extraction& extraction = load.extraction();
  const std::span<const Value> parts = parts_of(extraction, load.root(), 3);
  const auto [module, offset, level, core_share, threads, in_cached_call, first] =
      extract<Header>(extraction, parts[1]);
  const auto reader =
      reinterpret_cast<BatchReader>(const_cast<void*>(function_at({module, offset})));
  std::unique_ptr<Batch> batch;
  try {
    batch = reader(extraction, parts[0], first);
  } catch (...) {
    return {.payload = unreadable_reply(std::current_exception(), first)};
  }
  Context context;
  context.options.inner_max_num_threads = threads;
  context.backend = ThreadingBackend().nested_backend(level);
  context.level = level;
  context.core_share = core_share;
  context.in_task = true;
  context.in_cached_call = in_cached_call;
  const ThreadLimit limit(threads);
  const auto sharing = extract<std::optional<Sharing>>(extraction, parts[2]);
  if (!sharing) return {.payload = run_here(*batch, std::move(context), nullptr)};
  const auto& [max_nbytes, temp_folder, writes_through] = *sharing;
  const SharingOptions options{max_nbytes, temp_folder, writes_through};
  MessageFiles files(options);
  bytes payload = run_here(*batch, std::move(context), &files);
  return {.payload = std::move(payload), .files = files.take()};
}

// How the arrays of a call travel.
SharingOptions sharing_options(const ParallelOptions& options) {
  SharingOptions sharing;
  constexpr std::uint64_t default_max_nbytes = 1 << 20;
  if (!options.max_nbytes.has_value()) {
    sharing.max_nbytes = default_max_nbytes;
  } else if (const auto& limit = options.max_nbytes.limit()) {
    sharing.max_nbytes = limit->bytes();
  }
  if (!options.temp_folder.empty())  // which a worker, too, is to find
    sharing.temp_folder = std::filesystem::absolute(options.temp_folder);
  const MmapMode mode = options.mmap_mode.value_or(MmapMode::r);
  sharing.writes_through = mode == MmapMode::r_plus || mode == MmapMode::w_plus;
  return sharing;
}

}  // namespace

RemoteCall::RemoteCall(const ParallelOptions& options, int n_jobs)
    : arrays(sharing_options(options)),
      environment(thread_limits(options.inner_max_num_threads, n_jobs)) {}

bytes BatchJob::run() {
  if (files_.empty()) return run_here(batch_, context_, nullptr);
  MessageFiles files(call_.arrays.options(), files_.front());
  return run_here(batch_, context_, &files);
}

bytes BatchJob::request() { return request(nullptr, nullptr); }

Message BatchJob::request_with_files() {
  MessageFiles files(call_.arrays);
  bytes payload = request(&call_.arrays.options(), &files);
  return {.payload = std::move(payload), .files = files.take()};
}

bytes BatchJob::request(const SharingOptions* sharing, MessageFiles* files) {
  return pickled(files, [&](PickleWriter& writer) {
    writer.begin_tuple(3);
    // The reader is known when the tasks have been written.
    can_be_sent_ = false;
    const BatchReader reader = batch_.write_tasks(writer);
    can_be_sent_ = true;
    if (reader == nullptr) {
      throw Error(errc::invalid_argument,
                  "a request for tasks that can't be sent: a backend that needs them has to say so "
                  "by sends_tasks()");
    }
    const CodeAddress address = code_address_of(reinterpret_cast<const void*>(reader));
    save(writer,
         Header(address.module, address.offset, context_.level, context_.core_share,
                context_.options.inner_max_num_threads, context_.in_cached_call, batch_.first()));
    if (sharing == nullptr) {
      writer.none();
    } else {
      save(writer, Sharing(sharing->max_nbytes, sharing->temp_folder, sharing->writes_through));
    }
    writer.end_tuple(3);
  });
}

std::chrono::duration<double> BatchJob::read(std::span<const std::byte> reply) {
  std::exception_ptr task_error;
  try {
    Load load(reply, ReceivedFiles(files_));
    Extraction& extraction = load.extraction();
    const std::span<const Value> parts = parts_of(extraction, load.root(), 3);
    if (!extract<bool>(extraction, parts[2])) {
      batch_.read_results(extraction, parts[1]);
      return std::chrono::duration<double>(extract<double>(extraction, parts[0]));
    }
    task_error = read_error(extraction, parts[1]);
  } catch (const Mismatch& mismatch) {
    throw Error(mismatch.code(), "the reply of " + name_of_tasks(batch_) +
                                     " (counted from 0) from another process: " + mismatch.what());
  }
  std::rethrow_exception(task_error);
}

std::string name_of_tasks(const Batch& batch) {
  if (batch.size() == 1) return "task " + std::to_string(batch.first());
  return "tasks " + std::to_string(batch.first()) + " to " +
         std::to_string(batch.first() + batch.size() - 1);
}

void check_sendable(const RemoteBackend& backend, const TaskSource& source) {
  const Obstacles obstacles = source.obstacles();
  if (obstacles.task != nullptr && backend.sends_tasks()) {
    throw Error(errc::invalid_argument,
                std::string(backend.name()) + " can't send '" + demangled(obstacles.task->name()) +
                    "' to another process: use a function or a callable without captures, give it "
                    "what it needs as arguments, and write a joblib::pickler for types of your "
                    "own; or choose \"multiprocessing\" or \"threading\"");
  }
  if (obstacles.result != nullptr) {
    throw Error(errc::invalid_argument,
                std::string(backend.name()) + " can't bring results of type '" +
                    demangled(obstacles.result->name()) +
                    "' back from another process: return what can be pickled, write a "
                    "joblib::pickler for it, or choose \"threading\"");
  }
}

Message run_request(std::span<const std::byte> request, const FileList& files) try {
  return answer(request, files);
} catch (...) {
  return {.payload = unreadable_reply(std::current_exception(), 0)};
}

}  // namespace joblib::detail

namespace joblib {

bytes run_request(std::span<const std::byte> request) {
  return detail::run_request(request, {}).payload;
}

}  // namespace joblib
