#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <ranges>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "joblib/parallel/config.hpp"
#include "joblib/parallel/delayed.hpp"
#include "joblib/parallel/detail/call.hpp"
#include "joblib/parallel/detail/source.hpp"
#include "joblib/parallel/detail/task_list.hpp"
#include "joblib/parallel/generator.hpp"
#include "joblib/parallel/options.hpp"
#include "joblib/parallel/outcome.hpp"

namespace joblib {

namespace detail {

// Runs one task object.
struct RunTask {
  template <class T>
  decltype(auto) operator()(const std::stop_token& stop, T&& task) const {
    using Object = std::remove_cvref_t<T>;
    static_assert(is_task<Object>, "Parallel takes tasks: a range of delayed(f)(args...)");
    if constexpr (std::is_lvalue_reference_v<T>) {
      static_assert(
          Object::repeatable,
          "these tasks are consumed when they run, for example by moving an argument: pass the "
          "range with std::move");
      return std::as_const(task)(stop);
    } else {
      return std::forward<T>(task)(stop);
    }
  }
};

// Applies the function of a `map` to one element.
template <class Function>
struct ApplyFunction {
  [[no_unique_address]] Function function;

  template <class T>
  decltype(auto) operator()(const std::stop_token& stop, T&& element) const {
    static_assert(
        is_task_invocable<const Function&, T>,
        "map: the function can't be called with an element; it is called from several threads at "
        "once and must be callable as const");
    return invoke_task(stop, function, std::forward<T>(element));
  }
};

template <class Function>
  requires(!KnownByType<ApplyFunction<Function>>)
struct Wire<ApplyFunction<Function>> : Wire<Function> {
  static void write(PickleWriter& writer, const ApplyFunction<Function>& apply) {
    Wire<Function>::write(writer, apply.function);
  }
  static ApplyFunction<Function> give(typename Wire<Function>::Kept& kept) {
    return {Wire<Function>::give(kept)};
  }
};

// Gives `Run`'s void results a value.
template <class Run>
struct RunToValue {
  [[no_unique_address]] Run run;

  template <class T>
  auto operator()(const std::stop_token& stop, T&& element) const {
    if constexpr (std::is_void_v<std::invoke_result_t<const Run&, const std::stop_token&, T>>) {
      run(stop, std::forward<T>(element));
      return std::monostate{};
    } else {
      return run(stop, std::forward<T>(element));
    }
  }
};

// Turns the error of a task into a result.
struct RunToOutcome {
  template <class T>
  auto operator()(const std::stop_token& stop, T&& task) const {
    using Returned = std::invoke_result_t<RunToValue<RunTask>, const std::stop_token&, T>;
    try {
      return Outcome<Returned>(RunToValue<RunTask>{}(stop, std::forward<T>(task)));
    } catch (...) {
      return Outcome<Returned>(std::current_exception());
    }
  }
};

template <class T>
using TaskValue = std::invoke_result_t<RunToValue<RunTask>, const std::stop_token&, T>;

template <class T>
concept TaskObject = is_task<std::remove_cvref_t<T>>;

}  // namespace detail

/// Runs tasks on several workers. Made of options once, called as often as wanted, but not while an
/// earlier call of the same object is still running (Error). All calls throw the first error of a
/// task with its own type, after dropping the tasks not yet started and waiting for the running
/// ones; errors of the range likewise; Cancelled and TimeoutError as ParallelOptions says. Results
/// are decayed.
///
/// Ranges are read lazily and by one thread at a time, unless they are contiguous. An lvalue range
/// must outlive the call or generator, an rvalue one is owned and its elements are moved from.
class Parallel {
 public:
  /// Takes what is unset from the active parallel_config. Throws Error for bad options; those that
  /// depend on the number of workers are checked by the calls.
  explicit Parallel(ParallelOptions options = {});

  /// Runs a range of tasks: their results in order, or nothing for void tasks.
  template <std::ranges::input_range Range>
  auto operator()(Range&& tasks) {
    return collect(detail::make_source(std::forward<Range>(tasks), detail::RunTask{}));
  }

  /// Runs a few different tasks: a tuple of their results, std::monostate for void.
  template <detail::TaskObject... Tasks>
    requires(sizeof...(Tasks) > 0)
  auto operator()(Tasks&&... tasks) {
    using List = detail::TaskList<detail::RunToValue<detail::RunTask>, Tasks&&...>;
    typename List::Results values;
    finish(std::make_unique<List>(values, std::forward<Tasks>(tasks)...));
    return std::apply(
        [](auto&... value) {
          return std::tuple<detail::TaskValue<Tasks>...>(std::move(*value)...);
        },
        values);
  }

  /// A parallel loop: `function(element)` for each element, the results in order or nothing for
  /// void. All workers share one const `function`. Contiguous ranges and ranges of integers are
  /// read by the workers themselves.
  template <class Function, std::ranges::input_range Range>
  auto map(Function&& function, Range&& values) {
    using Apply = detail::ApplyFunction<std::decay_t<Function>>;
    return collect(
        detail::make_source(std::forward<Range>(values), Apply{std::forward<Function>(function)}));
  }

  /// The results of a range of tasks in order, as they are ready; std::monostate for void.
  template <std::ranges::input_range Range>
  auto generator(Range&& tasks) {
    return stream(std::forward<Range>(tasks), detail::Delivery::stream_ordered);
  }

  /// The results of a range of tasks in the order of completion.
  template <std::ranges::input_range Range>
  auto generator_unordered(Range&& tasks) {
    return stream(std::forward<Range>(tasks), detail::Delivery::stream_unordered);
  }

  /// Runs all tasks whatever becomes of them: an Outcome for each, in order. Throws errors of the
  /// range, Cancelled, and TimeoutError where tasks can't be killed, but no error of a task.
  template <std::ranges::input_range Range>
  auto outcomes(Range&& tasks) {
    return collect(detail::make_source(std::forward<Range>(tasks), detail::RunToOutcome{}));
  }

 private:
  template <class Source>
  auto collect(std::unique_ptr<Source> source) {
    using Result = typename Source::Result;
    if constexpr (std::is_void_v<Result>) {
      finish(std::move(source));
    } else if constexpr (Source::places_results) {
      std::vector<Result> results(*source->size());
      source->place_results(results.data());
      finish(std::move(source));
      return results;
    } else {
      std::vector<Result> results;
      if (const std::optional<std::size_t> size = source->size()) results.reserve(*size);
      const std::unique_ptr<detail::Call> call =
          start(std::move(source), detail::Delivery::collect);
      while (const std::unique_ptr<detail::Batch> batch = call->next()) {
        auto& values = static_cast<detail::ResultBatch<Result>&>(*batch).results;
        for (auto&& value : values) results.push_back(std::move(value));
      }
      return results;
    }
  }

  // Runs a call whose results are stored elsewhere.
  void finish(std::unique_ptr<detail::TaskSource> source) {
    const std::unique_ptr<detail::Call> call = start(std::move(source), detail::Delivery::collect);
    while (call->next() != nullptr) {
    }
  }

  std::unique_ptr<detail::Call> start(std::unique_ptr<detail::TaskSource> source,
                                      detail::Delivery delivery) {
    return detail::start_call(state_, std::move(source), delivery);
  }

  template <class Range>
  auto stream(Range&& tasks, detail::Delivery delivery) {
    auto source =
        detail::make_source(std::forward<Range>(tasks), detail::RunToValue<detail::RunTask>{});
    using Result = typename std::remove_reference_t<decltype(*source)>::Result;
    return Generator<Result>(start(std::move(source), delivery));
  }

  std::shared_ptr<detail::ParallelState> state_;
};

/// Waits for the work of all shared pools and joins their workers. Needed before dlclose of a
/// library that uses this one; a later call starts them anew. Throws Error inside a task.
void shutdown();

}  // namespace joblib
