#pragma once

#include <atomic>
#include <utility>

namespace joblib::test {

/// A number that counts its living objects, moved-from ones included, in a counter that outlives
/// them.
class Tracked {
 public:
  Tracked(std::atomic<long>& living, int value) : living_(&living), value_(value) { ++*living_; }
  Tracked(const Tracked& other) : living_(other.living_), value_(other.value_) { ++*living_; }
  Tracked(Tracked&& other) noexcept
      : living_(other.living_), value_(std::exchange(other.value_, moved_from)) {
    ++*living_;
  }
  Tracked& operator=(const Tracked& other) = default;
  Tracked& operator=(Tracked&& other) noexcept {
    living_ = other.living_;
    value_ = std::exchange(other.value_, moved_from);
    return *this;
  }
  ~Tracked() { --*living_; }

  int value() const { return value_; }

  static constexpr int moved_from = -1;

 private:
  std::atomic<long>* living_;
  int value_;
};

/// The same, and can't be copied.
class TrackedOnce : public Tracked {
 public:
  using Tracked::Tracked;
  TrackedOnce(const TrackedOnce&) = delete;
  TrackedOnce(TrackedOnce&&) = default;
  TrackedOnce& operator=(const TrackedOnce&) = delete;
  TrackedOnce& operator=(TrackedOnce&&) = default;
};

}  // namespace joblib::test
