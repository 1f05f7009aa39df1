#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include "core/sink_guard.hpp"
#include "joblib/core/error.hpp"
#include "joblib/pickle/pickler.hpp"

namespace joblib::test {

/// What failing tasks and ranges throw.
struct TaskError : std::runtime_error {
  explicit TaskError(int task_)
      : std::runtime_error("task " + std::to_string(task_)), task(task_) {}
  int task;
};

/// A task that can be sent: gives its number back, but throws a TaskError where that is `failing`.
struct FailAt {
  int failing;
  int operator()(int i) const { return i == failing ? throw TaskError(i) : i; }
};

}  // namespace joblib::test

template <>
struct joblib::pickler<joblib::test::TaskError> {
  static int to_state(const joblib::test::TaskError& error) { return error.task; }
  static joblib::test::TaskError from_state(int task) { return joblib::test::TaskError(task); }
};
template <>
struct joblib::pickler<joblib::test::FailAt> {
  static int to_state(const joblib::test::FailAt& task) { return task.failing; }
  static joblib::test::FailAt from_state(int failing) { return {failing}; }
};

namespace joblib::test {

inline int identity(int i) { return i; }

/// Blocks until a stop is requested.
inline void wait_for_stop(const std::stop_token& stop) {
  std::atomic<bool> requested = false;
  const std::stop_callback callback(stop, [&] {
    requested = true;
    requested.notify_all();
  });
  requested.wait(false);
}

/// Blocks until `counter` is at least `value`.
inline void wait_until(const std::atomic<int>& counter, int value) {
  for (int now = counter; now < value; now = counter) counter.wait(now);
}

inline void count(std::atomic<int>& counter) {
  ++counter;
  counter.notify_all();
}

/// The code of the Error that `action` throws; nothing if it throws none.
template <class Action>
std::optional<errc> error_code(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

/// The text of the exception that `action` throws; empty if it throws none.
template <class Action>
std::string text_of_error(Action action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

/// No messages of the library while it lives: for tests that leave generators early.
class Quiet {
  SinkGuard guard_{[](const LogRecord&) {}};
};

/// A single-pass range without a size, whose iterators can only be moved, as of a coroutine: the
/// first element is made by begin(), the others by ++. `next` returns nothing at the end.
template <class T>
class Stream {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(Stream& stream) : stream_(&stream) {}
    Iterator(Iterator&&) = default;
    Iterator& operator=(Iterator&&) = default;

    T&& operator*() const { return std::move(*stream_->current_); }
    Iterator& operator++() {
      stream_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !stream_->current_; }

   private:
    Stream* stream_;
  };

  explicit Stream(std::function<std::optional<T>()> next) : next_(std::move(next)) {}
  Stream(Stream&&) = default;
  Stream& operator=(Stream&&) = default;

  Iterator begin() {
    advance();
    return Iterator(*this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  void advance() {
    std::optional<T> element = next_();
    current_ = element ? std::make_unique<T>(std::move(*element)) : nullptr;
  }

  std::function<std::optional<T>()> next_;
  std::unique_ptr<T> current_ = nullptr;  // T need not be assignable
};

/// A Stream of make(0), make(1) ... make(size - 1); endless without a size.
template <class Make>
auto stream_of(Make make, std::optional<int> size = {}) {
  using T = decltype(make(0));
  return Stream<T>([make = std::move(make), size, i = 0]() mutable -> std::optional<T> {
    if (size && i == *size) return std::nullopt;
    return make(i++);
  });
}

}  // namespace joblib::test
