#include <algorithm>
#include <atomic>
#include <functional>
#include <list>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "parallel/behaviour/tools.hpp"
#include "parallel/stress/random_call.hpp"
#include "parallel/stress/tracked.hpp"

namespace joblib::test {
namespace {

struct RangeError : std::runtime_error {
  RangeError() : std::runtime_error("range") {}
};
struct ProgressError : std::runtime_error {
  ProgressError() : std::runtime_error("progress") {}
};
struct Wrong : std::logic_error {
  using std::logic_error::logic_error;
};

void require(bool condition, const std::string& text) {
  if (!condition) throw Wrong(text);
}

template <class Number>
void require_equal(Number found, Number expected, const std::string& text) {
  require(found == expected,
          text + ": " + std::to_string(found) + ", expected " + std::to_string(expected));
}

int square(int i) { return i * i % 1009; }

int run_inner(Inner inner, int i) {
  const auto plus = [i](int j) { return i + j; };
  const auto numbers = std::views::iota(0, 4);
  int sum = 0;
  if (inner == Inner::list) {
    for (const int value : Parallel({.n_jobs = 2}).map(plus, numbers)) sum += value;
  } else if (inner == Inner::generator) {
    const auto make = [plus](int j) { return delayed(plus)(j); };
    for (const int value : Parallel({.n_jobs = 2}).generator(numbers | std::views::transform(make)))
      sum += value;
  } else {
    const auto next_level = [i](int j) { return run_inner(Inner::generator, i + j); };
    for (const int value : Parallel({.n_jobs = 2}).map(next_level, numbers)) sum += value;
    return sum == 16 * i + 48 ? 0 : -1;
  }
  return inner != Inner::none && sum == 4 * i + 6 ? sum : -1;
}

// What one call runs and leaves behind.
class Checker {
 public:
  explicit Checker(const RandomCall& call) : call_(call) {}

  void check() {
    std::jthread canceller;
    if (call_.fault == Fault::other_thread_cancels) {
      canceller = std::jthread([this] {
        while (started_ < call_.fault_at && !over_) std::this_thread::yield();
        stop_.request_stop();
      });
    }
    ParallelOptions options = call_.options;
    std::optional<parallel_config> guard;
    if (call_.configured) guard.emplace(std::exchange(options, {}));
    options.stop = stop_.get_token();
    if (call_.watches_progress) {
      options.on_progress = [this](const Progress& progress) { watch(progress); };
    }
    Parallel parallel(std::move(options));
    try {
      run(parallel);
      require(!must_throw(), "no error was thrown");
    } catch (const TaskError& error) {
      require(call_.fault == Fault::task_throws && throws(error.task), error.what());
    } catch (const RangeError&) {
      require(call_.fault == Fault::range_throws, "unexpected RangeError");
    } catch (const ProgressError&) {
      require(call_.fault == Fault::progress_throws, "unexpected ProgressError");
    } catch (const Cancelled& error) {
      require(stop_.stop_requested(), error.what());
    }
    over_ = true;
    if (canceller.joinable()) canceller.join();
    require_equal(arguments_.load(), 0L, "living arguments");
    require_equal(results_.load(), 0L, "living results");
    require(!wrong_inside_, "wrong result of a nested call, or wrong order of progress");
    if (call_.watches_progress) require_equal(ends_, 1, "calls of on_progress with `finished`");
    if (!stop_.stop_requested() && !call_.watches_progress) run_again(parallel);
  }

 private:
  bool throws(int i) const {
    return call_.fault == Fault::task_throws && i >= call_.fault_at &&
           (i - call_.fault_at) % 5 == 0;
  }

  // A cancelled call may end before it notices.
  bool must_throw() const {
    if (call_.fault == Fault::task_throws)
      return call_.form != CallForm::outcomes && call_.fault_at < call_.size;
    if (call_.fault == Fault::range_throws) return call_.fault_at < call_.size;
    return call_.fault == Fault::progress_throws && call_.fault_at >= 1 &&
           call_.fault_at <= call_.size;
  }

  void watch(const Progress& progress) {
    if (progress.finished) ++ends_;
    if (progress.completed != ++seen_ && !progress.finished) wrong_inside_ = true;
    const auto fault_at = static_cast<std::size_t>(call_.fault_at);
    if (call_.fault == Fault::progress_throws && progress.completed == fault_at) {
      throw ProgressError();
    }
  }

  void enter(int i) {
    ++started_;
    if (i % 16 == 3 && call_.inner != Inner::none && run_inner(call_.inner, i) < 0)
      wrong_inside_ = true;
    if (throws(i)) throw TaskError(i);
    if (call_.fault == Fault::task_cancels && i == call_.fault_at) stop_.request_stop();
  }

  Tracked compute(const Tracked& argument) {
    enter(argument.value());
    return {results_, square(argument.value())};
  }

  // Consumes its argument.
  auto task(TrackedOnce argument) {
    return delayed([this](TrackedOnce&& taken) {
      const TrackedOnce own = std::move(taken);
      return compute(own);
    })(std::move(argument));
  }
  // Can run again.
  auto task(Tracked argument) {
    return delayed([this](const Tracked& seen) { return compute(seen); })(std::move(argument));
  }

  template <class Argument>
  auto make_task(int i) {
    if (call_.fault == Fault::range_throws && i == call_.fault_at) throw RangeError();
    return task(Argument(arguments_, i));
  }

  void run(Parallel& parallel) {
    const auto numbers = std::views::iota(0, call_.size);
    const auto make = [this](int i) { return make_task<TrackedOnce>(i); };
    if (call_.form == CallForm::tuple) {
      run_tuple(parallel);
    } else if (call_.form == CallForm::map) {
      run_map(parallel);
    } else if (call_.form == CallForm::void_list) {
      run_void(parallel);
    } else if (call_.input == Input::lazy) {
      run_form(parallel, numbers | std::views::transform(make));
    } else if (call_.input == Input::stream) {
      run_form(parallel, stream_of(make, call_.size));
    } else if (call_.input == Input::owned) {
      std::vector<decltype(make(0))> tasks;
      for (const int i : numbers) tasks.push_back(make(i));
      run_form(parallel, std::move(tasks));
    } else if (call_.input == Input::borrowed) {
      std::vector<decltype(make_task<Tracked>(0))> tasks;
      for (const int i : numbers) tasks.push_back(make_task<Tracked>(i));
      run_form(parallel, tasks);
    } else {
      std::list<decltype(make_task<Tracked>(0))> tasks;
      for (const int i : numbers) tasks.push_back(make_task<Tracked>(i));
      run_form(parallel, tasks);
    }
  }

  template <class Tasks>
  void run_form(Parallel& parallel, Tasks&& tasks) {
    if (call_.form == CallForm::list) {
      check_all(parallel(std::forward<Tasks>(tasks)));
    } else if (call_.form == CallForm::outcomes) {
      check_outcomes(parallel.outcomes(std::forward<Tasks>(tasks)));
    } else if (call_.form == CallForm::ordered) {
      read(parallel.generator(std::forward<Tasks>(tasks)));
    } else {
      read(parallel.generator_unordered(std::forward<Tasks>(tasks)));
    }
  }

  void run_tuple(Parallel& parallel) {
    const auto nothing = [this] { enter(1); };
    const auto [first, second, third] = parallel(task(TrackedOnce(arguments_, 0)),
                                                 delayed(nothing)(), task(Tracked(arguments_, 2)));
    require_equal(first.value(), square(0), "first of the tuple");
    require(second == std::monostate{}, "void in a tuple");
    require_equal(third.value(), square(2), "third of the tuple");
  }

  void run_map(Parallel& parallel) {
    if (call_.input == Input::lazy || call_.input == Input::stream) {
      const auto make = [this](int i) {
        if (call_.fault == Fault::range_throws && i == call_.fault_at) throw RangeError();
        return i;
      };
      const auto numbers = parallel.map(
          [this, kept = Tracked(arguments_, 0)](int i) {
            enter(i);
            return square(i);
          },
          std::views::iota(0, call_.size) | std::views::transform(make));
      check_numbers(numbers);
    } else if (call_.input == Input::owned) {
      check_numbers(parallel.map(
          [this](int i) {
            enter(i);
            return square(i);
          },
          std::views::iota(0, call_.size)));
    } else {
      std::vector<Tracked> values;
      for (int i = 0; i < call_.size; ++i) values.emplace_back(arguments_, i);
      check_all(parallel.map([this](const Tracked& value) { return compute(value); }, values));
    }
  }

  void run_void(Parallel& parallel) {
    std::vector<int> seen(static_cast<std::size_t>(call_.size), 0);
    const auto mark = [&](const Tracked& argument) {
      enter(argument.value());
      seen[static_cast<std::size_t>(argument.value())] = square(argument.value());
    };
    const auto make = [&](int i) {
      if (call_.fault == Fault::range_throws && i == call_.fault_at) throw RangeError();
      return delayed(mark)(Tracked(arguments_, i));
    };
    if (call_.input == Input::stream) {
      parallel(stream_of(make, call_.size));
    } else {
      parallel(std::views::iota(0, call_.size) | std::views::transform(make));
    }
    check_numbers(seen);
  }

  void check_numbers(const std::vector<int>& numbers) const {
    require_equal(numbers.size(), static_cast<std::size_t>(call_.size), "number of results");
    for (int i = 0; i < call_.size; ++i)
      require_equal(numbers[static_cast<std::size_t>(i)], square(i), "result");
  }

  void check_all(const std::vector<Tracked>& results) const {
    require_equal(results_.load(), static_cast<long>(results.size()), "living results");
    std::vector<int> numbers;
    for (const Tracked& result : results) numbers.push_back(result.value());
    check_numbers(numbers);
  }

  void check_outcomes(const std::vector<Outcome<Tracked>>& outcomes) const {
    require_equal(outcomes.size(), static_cast<std::size_t>(call_.size), "number of outcomes");
    for (int i = 0; i < call_.size; ++i) {
      const Outcome<Tracked>& outcome = outcomes[static_cast<std::size_t>(i)];
      require(outcome.has_value() != throws(i), "outcome of the wrong kind");
      if (outcome) require_equal(outcome->value(), square(i), "outcome");
    }
  }

  template <class Results>
  void read(Results results) {
    std::vector<int> numbers;
    const bool leaves =
        call_.fault == Fault::left_early || call_.fault == Fault::left_to_another_thread;
    if (!leaves || call_.fault_at > 0) {
      for (auto&& result : results) {
        numbers.push_back(result.value());
        if (leaves && static_cast<int>(numbers.size()) == call_.fault_at) break;
      }
    }
    if (call_.fault == Fault::left_to_another_thread)
      std::thread([end = std::move(results)] {}).join();
    if (call_.form == CallForm::unordered) {
      std::vector<int> expected;
      for (int i = 0; i < call_.size; ++i) expected.push_back(square(i));
      std::ranges::sort(expected);
      std::ranges::sort(numbers);
      require(std::ranges::includes(expected, numbers), "a result that no task has made");
    } else {
      for (std::size_t i = 0; i < numbers.size(); ++i)
        require_equal(numbers[i], square(static_cast<int>(i)), "result");
    }
    const int expected = leaves ? std::min(call_.fault_at, call_.size) : call_.size;
    require_equal(static_cast<int>(numbers.size()), expected, "number of results");
  }

  // Whatever became of a call, its Parallel is as good as new.
  void run_again(Parallel& parallel) const {
    const std::vector<int> numbers = parallel.map(square, std::views::iota(0, 5));
    for (int i = 0; i < 5; ++i)
      require_equal(numbers[static_cast<std::size_t>(i)], square(i), "result of the next call");
  }

  const RandomCall& call_;
  std::stop_source stop_;
  std::atomic<long> arguments_ = 0;
  std::atomic<long> results_ = 0;
  std::atomic<int> started_ = 0;
  std::atomic<bool> over_ = false;
  std::atomic<bool> wrong_inside_ = false;
  std::size_t seen_ = 0;  // these by on_progress, whose calls never overlap
  int ends_ = 0;
};

}  // namespace

std::string check(const RandomCall& call) try {
  Checker(call).check();
  return {};
} catch (const std::exception& error) {
  return call.description() + ": " + error.what();
}

}  // namespace joblib::test
