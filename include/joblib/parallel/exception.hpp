#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "joblib/pickle/detail/extract.hpp"
#include "joblib/pickle/detail/picklable.hpp"
#include "joblib/pickle/detail/writer.hpp"

namespace joblib {

/// Where a task ran that failed in another process. Its exception, thrown in the caller's process,
/// is this as well, unless its class is final or it is none of a class:
/// `dynamic_cast<const joblib::TaskOrigin*>(&error)`.
class TaskOrigin {
 public:
  TaskOrigin(std::size_t task, int pid) : task_(task), pid_(pid) {}
  virtual ~TaskOrigin() = default;

  std::size_t task() const noexcept { return task_; }  ///< its index, counted from 0
  int pid() const noexcept { return pid_; }            ///< of the process

 protected:
  TaskOrigin(const TaskOrigin&) = default;
  TaskOrigin& operator=(const TaskOrigin&) = default;

 private:
  std::size_t task_;
  int pid_;
};

namespace detail {

// An exception that comes from another process: what it was, with the text that it had there.
template <class E>
class RemoteException final : public E, public TaskOrigin {
 public:
  RemoteException(E error, const TaskOrigin& origin, const std::string& /*text*/)
      : E(std::move(error)), TaskOrigin(origin) {}
};
template <std::derived_from<std::exception> E>
class RemoteException<E> final : public E, public TaskOrigin {
 public:
  RemoteException(E error, const TaskOrigin& origin, const std::string& text)
      : E(std::move(error)), TaskOrigin(origin), text_(text) {}

  const char* what() const noexcept override { return text_.what(); }

 private:
  std::runtime_error text_;  // can be copied without an error
};

template <class E>
inline constexpr bool is_derivable = std::is_class_v<E> && !std::is_final_v<E>;
template <class E>
using AsRethrown =
    typename std::conditional_t<is_derivable<E>, std::type_identity<RemoteException<E>>,
                                std::type_identity<E>>::type;

template <class E>
std::exception_ptr rethrown(E error, const TaskOrigin& origin, const std::string& text) {
  if constexpr (is_derivable<E>) {
    return std::make_exception_ptr(RemoteException<E>(std::move(error), origin, text));
  } else {
    return std::make_exception_ptr(std::move(error));
  }
}

// How exceptions of one type get from one process to another: beside the text goes a state.
struct ExceptionType {
  const std::type_info* thrown;
  const std::type_info* rethrown;
  void (*write)(PickleWriter& writer, const std::exception_ptr& error);
  std::exception_ptr (*read)(Extraction& extraction, const Value& state, const TaskOrigin& origin,
                             const std::string& text);
};

// One whose state is made by `to_state(error)`, and which `from_state(state, text)` makes.
template <class E, class ToState, class FromState>
ExceptionType exception_type(ToState, FromState) {
  using State = std::decay_t<std::invoke_result_t<ToState, const E&>>;
  return {.thrown = &typeid(E),
          .rethrown = &typeid(AsRethrown<E>),
          .write =
              [](PickleWriter& writer, const std::exception_ptr& error) {
                try {
                  std::rethrow_exception(error);
                } catch (const E& exception) {
                  save(writer, ToState()(exception));
                }
              },
          .read =
              [](Extraction& extraction, const Value& state, const TaskOrigin& origin,
                 const std::string& text) {
                return rethrown<E>(FromState()(extract<State>(extraction, state), text), origin,
                                   text);
              }};
}

template <class E>
ExceptionType exception_type() {
  if constexpr (is_picklable<E>()) {
    return exception_type<E>([](const E& error) { return error; },
                             [](E error, const std::string&) { return error; });
  } else if constexpr (std::constructible_from<E, const std::string&>) {
    return exception_type<E>([](const E&) { return std::monostate(); },
                             [](std::monostate, const std::string& text) { return E(text); });
  } else {
    static_assert(std::default_initializable<E>,
                  "register_exception: the type needs a joblib::pickler, or a constructor from the "
                  "text of what()");
    return exception_type<E>([](const E&) { return std::monostate(); },
                             [](std::monostate, const std::string&) { return E(); });
  }
}

void register_exception(const ExceptionType& type);

}  // namespace detail

/// Exceptions of type `E`, a type of your own, that are thrown by tasks in other processes are
/// thrown to the caller as an `E`. It needs a joblib::pickler, or a constructor from the text of
/// what(). Those of the standard library and of joblib need no registration; all others become an
/// Error with errc::task_failed. Worker processes don't run main: to be called before it, by the
/// initialisation of a static object, or in their initializer, too. Thread-safe.
template <class E>
void register_exception() {
  detail::register_exception(detail::exception_type<E>());
}

}  // namespace joblib
