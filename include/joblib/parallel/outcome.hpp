#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace joblib {

/// What became of one task: its value or the error that it threw. std::monostate stands for void.
template <class R>
class Outcome {
 public:
  using value_type = R;

  explicit Outcome(R value) : state_(std::in_place_index<0>, std::move(value)) {}
  /// `error` must not be null.
  explicit Outcome(std::exception_ptr error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The value; throws the task's error where there is none.
  const R& value() const& { return checked(), *std::get_if<0>(&state_); }
  R& value() & { return checked(), *std::get_if<0>(&state_); }
  R&& value() && { return checked(), std::move(*std::get_if<0>(&state_)); }

  /// The value; undefined where there is none.
  const R& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  R& operator*() & noexcept { return *std::get_if<0>(&state_); }
  R&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  const R* operator->() const noexcept { return std::get_if<0>(&state_); }
  R* operator->() noexcept { return std::get_if<0>(&state_); }

  template <class Other>
  R value_or(Other&& other) const& {
    return has_value() ? **this : static_cast<R>(std::forward<Other>(other));
  }

  /// The task's error; null where there is a value.
  std::exception_ptr error() const noexcept {
    const std::exception_ptr* error = std::get_if<1>(&state_);
    return error == nullptr ? nullptr : *error;
  }

 private:
  void checked() const {
    if (const std::exception_ptr* error = std::get_if<1>(&state_)) std::rethrow_exception(*error);
  }

  std::variant<R, std::exception_ptr> state_;
};

}  // namespace joblib
