#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "joblib/backend/parallel_backend.hpp"
#include "joblib/core/detail/spin.hpp"

namespace joblib::detail {

class Dispatcher;

// How long the calling thread looks out for its workers before it sleeps.
inline constexpr int spin_tries = 300;

// Lets workers in while a call is open. Outlives the call, which need not wait for workers that a
// backend starts late.
class Gate {
 public:
  explicit Gate(Dispatcher& dispatcher) : dispatcher_(&dispatcher) {}

  // Runs `action(dispatcher)` if the call is still open.
  template <class Action>
  void enter(Action action) {
    Dispatcher* dispatcher = nullptr;
    {
      const SpinningLock lock(mutex_);
      if (dispatcher_ == nullptr) return;
      dispatcher = dispatcher_;
      ++inside_;
    }
    action(*dispatcher);
    const SpinningLock lock(mutex_);
    if (--inside_ == 0) left_.notify_all();
  }

  // Lets nobody in any more and waits for those inside.
  void close() {
    {
      const SpinningLock lock(mutex_);
      dispatcher_ = nullptr;
    }
    spin_for([this] { return inside_ == 0; }, spin_tries);
    SpinningLock lock(mutex_);
    left_.wait(lock, [this] { return inside_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  Dispatcher* dispatcher_;       // null once closed; guarded by mutex_
  std::atomic<int> inside_ = 0;  // changed under mutex_
};

// The claim of one backend worker on a call's tasks.
class WorkerTicket final : public Ticket {
 public:
  explicit WorkerTicket(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
  ~WorkerTicket() override;

  void run() noexcept override;
  // The submission failed: nobody is to be told that it is gone.
  void withdraw() noexcept { used_.store(true); }

 private:
  std::shared_ptr<Gate> gate_;
  std::atomic<bool> used_ = false;
};

}  // namespace joblib::detail
