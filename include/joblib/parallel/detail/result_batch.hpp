#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "joblib/core/error.hpp"
#include "joblib/parallel/detail/call.hpp"
#include "joblib/parallel/detail/wire.hpp"
#include "joblib/parallel/outcome.hpp"

namespace joblib::detail {

// Results of one batch, as real objects: never packed bits.
template <class R>
using Results = std::conditional_t<std::is_same_v<R, bool>, std::deque<bool>, std::vector<R>>;

// The result of a task could not be written.
class ResultError : public Error {
 public:
  ResultError(std::size_t task, const Error& error)
      : Error(error.code(),
              "the result can't be sent to the caller's process: " + std::string(error.what())),
        task_(task) {}
  std::size_t task() const noexcept { return task_; }

 private:
  std::size_t task_;
};

// The error of a task, as one value, and as what it was.
void write_error(PickleWriter& writer, const std::exception_ptr& error, std::size_t task);
std::exception_ptr read_error(Extraction& extraction, const Value& value);

// How the results of a batch get from one process to another.
template <class R>
struct ResultWire {
  static constexpr bool sendable = is_picklable<R>();

  static const std::type_info* obstacle() { return sendable ? nullptr : &typeid(R); }
  static void write(PickleWriter& writer, const R& result, std::size_t /*task*/) {
    save(writer, result);
  }
  static R read(Extraction& extraction, const Value& value) {
    return extract<R>(extraction, value);
  }
};

template <>
struct ResultWire<void> {
  static const std::type_info* obstacle() { return nullptr; }
};

template <class R>
struct ResultWire<Outcome<R>> {
  static constexpr bool sendable = is_picklable<R>();

  static const std::type_info* obstacle() { return sendable ? nullptr : &typeid(R); }
  static void write(PickleWriter& writer, const Outcome<R>& outcome, std::size_t task) {
    writer.begin_tuple(2);
    writer.boolean(outcome.has_value());
    outcome ? save(writer, *outcome) : write_error(writer, outcome.error(), task);
    writer.end_tuple(2);
  }
  static Outcome<R> read(Extraction& extraction, const Value& value) {
    const std::span<const Value> parts = parts_of(extraction, value, 2);
    return extract<bool>(extraction, parts[0]) ? Outcome<R>(extract<R>(extraction, parts[1]))
                                               : Outcome<R>(read_error(extraction, parts[1]));
  }
};

// `results` is a span or a Results, of tasks from `first` on.
template <class R, class Sequence>
void write_results(PickleWriter& writer, const Sequence& results, std::size_t first) {
  if constexpr (ArrayElement<R>) {
    write_numbers(writer, results);
  } else {
    writer.empty_list();
    std::size_t at = 0;
    try {
      save_items(writer, results.size(), [&](std::size_t i) {
        at = i;
        ResultWire<R>::write(writer, results[i], first + i);
      });
    } catch (const Error& error) {
      throw ResultError(first + at, error);
    } catch (const std::exception& error) {  // of a pickler
      throw ResultError(first + at, Error(errc::invalid_argument, error.what()));
    }
  }
}

template <class R>
Results<R> read_results(Extraction& extraction, const Value& value, std::size_t count) {
  Results<R> results;
  if constexpr (ArrayElement<R>) {
    results = extract<Results<R>>(extraction, value);
    if (results.size() != count) throw_size("array", count, results.size());
  } else {
    const std::span<const Value> items = parts_of(extraction, value, count);
    if constexpr (requires { results.reserve(count); }) results.reserve(count);
    for_each_item(count, [&](std::size_t i) {
      results.push_back(ResultWire<R>::read(extraction, items[i]));
    });
  }
  return results;
}

template <class R>
class ResultBatch : public Batch {
 public:
  using Batch::Batch;

  void write_results(PickleWriter& writer) const override {
    if constexpr (ResultWire<R>::sendable) detail::write_results<R>(writer, results, first_);
  }
  void read_results(Extraction& extraction, const Value& value) override {
    if constexpr (ResultWire<R>::sendable)
      results = detail::read_results<R>(extraction, value, size_);
  }
  bool keep_error(const std::exception_ptr& error) override {
    if constexpr (is_specialization<R, Outcome>) {
      results.clear();
      for (std::size_t i = 0; i < size_; ++i) results.emplace_back(error);
      return true;
    } else {
      return false;
    }
  }
  bool keep_error_of(std::size_t task, const std::exception_ptr& error) override {
    if constexpr (is_specialization<R, Outcome>) {
      R& outcome = results[task - first_];  // need not be assignable
      std::destroy_at(&outcome);
      std::construct_at(&outcome, error);
      return true;
    } else {
      return false;
    }
  }

  Results<R> results;
};

template <>
class ResultBatch<void> : public Batch {
 public:
  using Batch::Batch;

  void write_results(PickleWriter& writer) const override { writer.none(); }
  void read_results(Extraction& /*extraction*/, const Value& /*value*/) override {}
};

// Runs `run_one(i)` for i = 0 .. count - 1, or fewer if the batch is abandoned.
template <class RunOne>
void run_all(TaskMonitor& monitor, std::size_t count, RunOne run_one) {
  const std::size_t stride = monitor.stride();
  for (std::size_t i = 0; i < count;) {
    if (!monitor.begin_task()) return;
    for (const std::size_t end = std::min(i + stride, count); i < end; ++i) run_one(i);
  }
}

template <class Result, class RunOne>
void run_and_keep(TaskMonitor& monitor, ResultBatch<Result>& batch, RunOne run_one) {
  if constexpr (std::is_void_v<Result>) {
    run_all(monitor, batch.size(), run_one);
  } else {
    if constexpr (requires { batch.results.reserve(batch.size()); })
      batch.results.reserve(batch.size());
    run_all(monitor, batch.size(), [&](std::size_t i) { batch.results.emplace_back(run_one(i)); });
  }
}

}  // namespace joblib::detail
