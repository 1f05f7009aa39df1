#include "size_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <unistd.h>

#include "entries.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"

namespace joblib::detail {
namespace {

constexpr std::uint64_t parts = 20;  // of a limit; two of them are freed, one is filled

std::uint64_t below(std::uint64_t limit) { return limit - limit / parts * 2; }

}  // namespace

class SizeKeeper::Thread {
 public:
  Thread(std::shared_ptr<StoreBackend> store, const SizeLimits& limits, bool verbose)
      : store_(std::move(store)),
        limits_(limits),
        verbose_(verbose),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void added(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    added_bytes_ += bytes;
    ++added_items_;
    if (is_due()) wake_up_.notify_one();
  }

 private:
  void run(const std::stop_token& stop);
  bool is_due() const;

  std::shared_ptr<StoreBackend> store_;
  SizeLimits limits_;
  bool verbose_;
  std::mutex mutex_ = {};
  std::condition_variable_any wake_up_ = {};
  std::uint64_t added_bytes_ = 0;
  std::uint64_t added_items_ = 0;
  bool first_ = true;
  std::jthread thread_;  // last: it uses the others
};

bool SizeKeeper::Thread::is_due() const {
  return first_ || (limits_.bytes_limit && added_bytes_ > limits_.bytes_limit->bytes() / parts) ||
         (limits_.items_limit && added_items_ > *limits_.items_limit / parts);
}

void SizeKeeper::Thread::run(const std::stop_token& stop) {
  using namespace std::chrono_literals;
  const auto pause =
      limits_.age_limit ? std::clamp<std::chrono::seconds>(*limits_.age_limit / 10, 1s, 1h) : 1h;
  SizeLimits target = limits_;
  if (target.bytes_limit) target.bytes_limit = ByteSize(below(target.bytes_limit->bytes()));
  if (target.items_limit) target.items_limit = below(*target.items_limit);
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      wake_up_.wait_for(lock, stop, pause, [this] { return is_due(); });
      first_ = false;
      added_bytes_ = 0;
      added_items_ = 0;
    }
    if (stop.stop_requested()) return;
    try {
      reduce_size(
          *store_, target, [&] { return stop.stop_requested(); }, verbose_);
    } catch (const Error& error) {
      log(LogLevel::warning,
          std::string("The size of the cache could not be kept: ") + error.what());
    }
  }
}

SizeKeeper::SizeKeeper(std::shared_ptr<StoreBackend> store, const SizeLimits& limits, bool verbose)
    : store_(std::move(store)),
      limits_(limits),
      verbose_(verbose),
      process_(getpid()),
      thread_(std::make_unique<Thread>(store_, limits_, verbose_)) {}

// What a forked process has of the thread can be neither used nor destroyed.
SizeKeeper::~SizeKeeper() {
  if (getpid() != process_) static_cast<void>(thread_.release());
}

void SizeKeeper::added(std::uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(process_, getpid()) != getpid()) {
      static_cast<void>(thread_.release());
      thread_ = std::make_unique<Thread>(store_, limits_, verbose_);
    }
  }
  thread_->added(bytes);
}

}  // namespace joblib::detail
