#include "joblib/backend/loky.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "joblib/core/cpu_count.hpp"
#include "joblib/core/error.hpp"
#include "joblib/process/code_address.hpp"
#include "joblib/process/pool.hpp"

namespace joblib {
namespace {

constexpr auto call_mark = static_cast<std::byte>('f');  // no pickle begins with it

// A request that is no task: to call a function.
bytes call_of(LokyOptions::Function function) {
  if (function == nullptr) return {};
  const auto [module, offset] = detail::code_address_of(reinterpret_cast<const void*>(function));
  bytes request(std::to_string(offset) + ' ' + module);
  request.insert(request.begin(), call_mark);
  return request;
}

void call(std::string_view function) {
  const std::size_t space = function.find(' ');
  const detail::CodeAddress address{std::string(function.substr(space + 1)),
                                    std::stoull(std::string(function.substr(0, space)))};
  reinterpret_cast<LokyOptions::Function>(const_cast<void*>(detail::function_at(address)))();
}

// In a worker.
detail::Message answer(const detail::Message& request) {
  const bytes& payload = request.payload;
  if (payload.empty() || payload.front() != call_mark)
    return detail::run_request(payload, request.files);
  call({reinterpret_cast<const char*>(payload.data()) + 1, payload.size() - 1});
  return {};
}

void check_depth() {
  const char* const variable = std::getenv("LOKY_MAX_DEPTH");
  const int most = variable == nullptr ? 10 : std::atoi(variable);
  if (most > 0 && detail::worker_depth() >= most) {
    throw Error(errc::unsupported,
                "Could not spawn extra nested processes at depth superior to MAX_DEPTH=" +
                    std::to_string(most) +
                    ". If this is intended, you can change this limit with the LOKY_MAX_DEPTH "
                    "environment variable.");
  }
}

detail::WorkerPoolOptions pool_options(const LokyOptions& options) {
  using std::chrono::milliseconds;
  constexpr std::chrono::duration<double> longest = std::chrono::years(100);
  return {.handler = answer,
          .initializer = call_of(options.initializer),
          .finalizer = call_of(options.finalizer),
          .idle_timeout = std::chrono::duration_cast<milliseconds>(
              std::min(options.idle_worker_timeout, longest))};
}

[[noreturn]] void refuse(const std::string& option, const std::string& why) {
  throw Error(errc::invalid_argument, "the loky backend's option '" + option + "' " + why);
}

// Workers have to find it: a plain function is known by its place in the program.
LokyOptions::Function function_of(const std::string& option, const BackendOption& value) {
  const auto* const function = std::get_if<std::function<void()>>(&value);
  const auto* const plain = function == nullptr ? nullptr : function->target<void (*)()>();
  if (plain == nullptr || *plain == nullptr)
    refuse(option, "has to be a plain function, for it runs in other processes");
  return *plain;
}

double number_of(const std::string& option, const BackendOption& value) {
  if (const auto* const number = std::get_if<double>(&value)) return *number;
  if (const auto* const number = std::get_if<std::int64_t>(&value))
    return static_cast<double>(*number);
  refuse(option, "has to be a number");
}

}  // namespace

LokyBackend::LokyBackend(const LokyOptions& options) : options_(options) {
  if (!(options.idle_worker_timeout.count() >= 0)) {
    throw Error(errc::invalid_argument,
                "idle_worker_timeout has to be a number that is not negative");
  }
  if (options.retries < 0)
    throw Error(errc::invalid_argument, "retries has to be a number that is not negative");
}

int LokyBackend::effective_n_jobs(int n_jobs) const {
  return detail::parallelism_disabled() ? 1 : ParallelBackend::effective_n_jobs(n_jobs);
}

void LokyBackend::start_call(int n_jobs) {
  check_depth();
  auto pool = detail::shared_worker_pool(pool_options(options_), static_cast<std::size_t>(n_jobs));
  const std::lock_guard lock(mutex_);
  pools_.push_back(std::move(pool));
}

void LokyBackend::stop_call() noexcept {
  std::shared_ptr<detail::WorkerPool> unused;
  const std::lock_guard lock(mutex_);
  unused = std::move(pools_.back());
  pools_.pop_back();
}

bytes LokyBackend::run(RemoteJob& job, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const std::shared_ptr<detail::WorkerPool> pool = pools_.back();
  lock.unlock();
  const detail::Message request = job.request_with_files();
  const std::string tag = options_.tag_output ? '[' + job.name() + "] " : "";
  for (int attempt = 0;; ++attempt) {
    try {
      job.wait();
      detail::Message reply = pool->call(
          request, stop, tag, [&] { job.begin(); }, job.environment());
      job.keep_files(std::move(reply.files));
      return std::move(reply.payload);
    } catch (const detail::InitializerError&) {  // another one would end, too
      throw;
    } catch (const TerminatedWorkerError&) {
      if (attempt >= options_.retries) throw;
    }
  }
}

std::shared_ptr<ParallelBackend> detail::make_loky_backend(const BackendOptions& given) {
  LokyOptions options;
  for (const auto& [option, value] : given) {
    if (option == "initializer") {
      options.initializer = function_of(option, value);
    } else if (option == "finalizer") {
      options.finalizer = function_of(option, value);
    } else if (option == "idle_worker_timeout") {
      options.idle_worker_timeout = std::chrono::duration<double>(number_of(option, value));
    } else if (option == "retries") {
      options.retries = static_cast<int>(number_of(option, value));
    } else if (option == "tag_output") {
      const auto* const flag = std::get_if<bool>(&value);
      if (flag == nullptr) refuse(option, "has to be true or false");
      options.tag_output = *flag;
    } else {
      refuse(option,
             "is unknown: it has initializer, finalizer, idle_worker_timeout, retries and "
             "tag_output");
    }
  }
  return std::make_shared<LokyBackend>(options);
}

}  // namespace joblib
