#pragma once

#include <functional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

namespace joblib {

namespace detail {

// Calls `function(args...)`, or `function(stop, args...)` where only that is possible.
template <class Function, class... Args>
decltype(auto) invoke_task(const std::stop_token& stop, Function&& function, Args&&... args) {
  if constexpr (std::is_invocable_v<Function, Args...>) {
    return std::invoke(std::forward<Function>(function), std::forward<Args>(args)...);
  } else {
    return std::invoke(std::forward<Function>(function), stop, std::forward<Args>(args)...);
  }
}

template <class Function, class... Args>
inline constexpr bool is_task_invocable =
    std::is_invocable_v<Function, Args...> ||
    std::is_invocable_v<Function, const std::stop_token&, Args...>;

}  // namespace detail

/// A captured call: decayed copies of a function and its arguments, with references where std::ref
/// or std::cref was given. Made by delayed(); run by Parallel, in place as const or moved from.
template <class Function, class... Args>
class Task {
 public:
  template <class... Initializers>
  explicit Task(Function callable, std::in_place_t, Initializers&&... args)
      : function_(std::move(callable)), args_(std::forward<Initializers>(args)...) {}

  /// Whether the task can run without being consumed, so that a range of such tasks can be run
  /// again.
  static constexpr bool repeatable = detail::is_task_invocable<const Function&, const Args&...>;

  /// Runs the task, handing `stop` to a function that takes it as its first parameter.
  decltype(auto) operator()(const std::stop_token& stop) && {
    return std::apply(
        [&](Args&... args) -> decltype(auto) {
          return detail::invoke_task(stop, std::move(function_), std::forward<Args>(args)...);
        },
        args_);
  }

  decltype(auto) operator()(const std::stop_token& stop) const&
    requires repeatable
  {
    return std::apply(
        [&](const Args&... args) -> decltype(auto) {
          return detail::invoke_task(stop, function_, args...);
        },
        args_);
  }

  const Function& function() const noexcept { return function_; }
  const std::tuple<Args...>& args() const noexcept { return args_; }

 private:
  [[no_unique_address]] Function function_;
  [[no_unique_address]] std::tuple<Args...> args_;
};

/// A function whose calls are captured instead of made; see delayed().
template <class Function>
class Delayed {
 public:
  explicit Delayed(Function function) : function_(std::move(function)) {}

  template <class... Args>
  auto operator()(Args&&... args) const& {
    return make_task(function_, std::forward<Args>(args)...);
  }
  template <class... Args>
  auto operator()(Args&&... args) && {
    return make_task(std::move(function_), std::forward<Args>(args)...);
  }

 private:
  template <class Callable, class... Args>
  static auto make_task(Callable&& function, Args&&... args) {
    static_assert(
        detail::is_task_invocable<Function, std::unwrap_ref_decay_t<Args>...>,
        "delayed: the function can't be called with these arguments, moved; an lvalue reference "
        "parameter needs std::ref or std::cref");
    return Task<Function, std::unwrap_ref_decay_t<Args>...>(
        std::forward<Callable>(function), std::in_place, std::forward<Args>(args)...);
  }

  [[no_unique_address]] Function function_;
};

/// Captures a call for Parallel: `delayed(f)(args...)` is the task of calling `f(args...)`.
/// `f` is anything that std::invoke takes, member functions included. The arguments are decayed
/// copies, as for std::thread; std::ref and std::cref pass references. If `f` can't be called with
/// `args...` but with a std::stop_token in front of them, it receives the call's token.
template <class Function>
auto delayed(Function&& function) {
  return Delayed<std::decay_t<Function>>(std::forward<Function>(function));
}

namespace detail {

template <class T>
inline constexpr bool is_task = false;
template <class Function, class... Args>
inline constexpr bool is_task<Task<Function, Args...>> = true;

}  // namespace detail

}  // namespace joblib
