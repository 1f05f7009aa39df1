#include "size_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "eviction_queue.hpp"
#include "joblib/core/log.hpp"

namespace joblib::detail {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr double smallest_share = 1.0 / 20;  // of a limit that is added between two scans
constexpr std::size_t most_waiting = 1000;   // results that the thread hasn't taken

// How much of the limits it is: of the one that it takes most of.
double share(const Usage& usage, const SizeLimits& limits) {
  const auto part = [](std::uint64_t amount, std::uint64_t limit) {
    return static_cast<double>(amount) / static_cast<double>(std::max<std::uint64_t>(limit, 1));
  };
  double largest = 0;
  if (limits.bytes_limit) largest = part(usage.bytes, limits.bytes_limit->bytes());
  if (limits.items_limit) largest = std::max(largest, part(usage.items, *limits.items_limit));
  return largest;
}

// What is left when some has to go.
SizeLimits after_reduction(SizeLimits limits) {
  const auto below = [](std::uint64_t limit) { return limit - limit / 10; };
  if (limits.bytes_limit) limits.bytes_limit = ByteSize(below(limits.bytes_limit->bytes()));
  if (limits.items_limit) limits.items_limit = below(*limits.items_limit);
  return limits;
}

}  // namespace

class SizeKeeper::Thread {
 public:
  Thread(std::shared_ptr<StoreBackend> store, const SizeLimits& limits, bool verbose)
      : store_(std::move(store)),
        limits_(limits),
        queue_(*store_, verbose),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void added(StoredEntry entry) {
    const std::lock_guard lock(mutex_);
    known_ += entry;
    added_ += entry;
    waiting_.push_back(std::move(entry));
    if (is_due()) wake_up_.notify_one();
  }

 private:
  void run(const std::stop_token& stop);
  bool wait(const std::stop_token& stop);
  void scan(const std::function<bool()>& should_stop);
  bool scan_is_due() const { return share(added_, limits_) >= interval_; }
  bool is_due() const {
    return !waiting_.empty() &&
           (exceeds(known_, limits_) || scan_is_due() || waiting_.size() >= most_waiting);
  }

  std::shared_ptr<StoreBackend> store_;
  SizeLimits limits_;
  EvictionQueue queue_;  // used by the thread alone
  Clock::time_point last_scan_ = {};
  Clock::duration scan_time_ = {};  // how long it took

  std::mutex mutex_ = {};  // of what follows
  std::condition_variable_any wake_up_ = {};
  std::vector<StoredEntry> waiting_ = {};  // the queue doesn't have them yet
  Usage known_ = {};                       // that of the queue, and theirs
  Usage added_ = {};                       // since the last scan
  double interval_ = smallest_share;       // from one scan to the next

  std::jthread thread_;  // last: it uses the others
};

void SizeKeeper::Thread::run(const std::stop_token& stop) {
  const auto should_stop = [&] { return stop.stop_requested(); };
  const SizeLimits target = after_reduction(limits_);
  for (bool scans = true; !should_stop(); scans = wait(stop)) {
    try {
      if (scans) scan(should_stop);
      const bool too_much = exceeds(queue_.usage(), limits_);
      queue_.reduce(too_much ? target : limits_, should_stop);  // old ones go in any case
    } catch (const std::exception& error) {                     // of any store
      log(LogLevel::warning,
          std::string("The size of the cache could not be kept: ") + error.what());
    }
  }
}

// Returns with the waiting results in the queue when there is something to do: whether to go
// through the store.
bool SizeKeeper::Thread::wait(const std::stop_token& stop) {
  const Clock::duration longest =
      std::max(limits_.age_limit ? std::clamp<Clock::duration>(*limits_.age_limit, 1s, 1h) : 1h,
               20 * scan_time_);
  std::unique_lock lock(mutex_);
  known_ = queue_.usage();
  for (const StoredEntry& entry : waiting_) known_ += entry;
  wake_up_.wait_for(lock, stop, longest / 10, [this] { return is_due(); });
  for (const StoredEntry& entry : std::exchange(waiting_, {})) queue_.add(entry);
  return scan_is_due() || Clock::now() - last_scan_ >= longest;
}

void SizeKeeper::Thread::scan(const std::function<bool()>& should_stop) {
  const Usage expected = queue_.usage();
  const Clock::time_point begin = Clock::now();
  queue_.scan(should_stop);
  const Usage found = queue_.usage();
  last_scan_ = Clock::now();
  scan_time_ = last_scan_ - begin;
  const std::lock_guard lock(mutex_);
  Usage at_most = expected;  // what was added meanwhile may have been found
  for (const StoredEntry& entry : waiting_) at_most += entry;
  const auto beyond = [](std::uint64_t amount, std::uint64_t least, std::uint64_t most) {
    return amount > most ? amount - most : amount < least ? least - amount : 0;
  };
  const Usage of_others{beyond(found.bytes, expected.bytes, at_most.bytes),
                        beyond(found.items, expected.items, at_most.items)};
  const bool is_alone = share(of_others, limits_) < smallest_share / 2;
  interval_ = is_alone ? std::min(2 * interval_, 1.0) : smallest_share;
  added_ = {};
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

void SizeKeeper::added(StoredEntry entry) {
  {
    const std::lock_guard lock(mutex_);
    if (process_ != getpid()) {
      auto thread = std::make_unique<Thread>(store_, limits_, verbose_);
      static_cast<void>(thread_.release());
      thread_ = std::move(thread);
      process_ = getpid();
    }
  }
  thread_->added(std::move(entry));
}

}  // namespace joblib::detail
