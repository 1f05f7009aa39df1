#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <regex>
#include <system_error>
#include <tuple>
#include <typeinfo>
#include <variant>

#include <cxxabi.h>
#include <unistd.h>

#include "joblib/core/detail/code_module.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"
#include "joblib/parallel/detail/result_batch.hpp"
#include "joblib/parallel/exception.hpp"
#include "joblib/pickle/bytes.hpp"

namespace joblib::detail {
namespace {

// An error code of the standard library; those of other categories lose theirs.
using CodeState = std::pair<std::string, int>;

CodeState state_of(const std::error_code& code) { return {code.category().name(), code.value()}; }

std::error_code code_of(const CodeState& state) {
  for (const std::error_category* category :
       {&std::system_category(), &std::iostream_category(), &std::future_category()}) {
    if (state.first == category->name()) return {state.second, *category};
  }
  return {state.second, std::generic_category()};
}

ExceptionType system_error_type() {
  return exception_type<std::system_error>(
      [](const std::system_error& error) { return state_of(error.code()); },
      [](const CodeState& state, const std::string&) { return std::system_error(code_of(state)); });
}

ExceptionType filesystem_type() {
  using E = std::filesystem::filesystem_error;
  using State = std::tuple<CodeState, std::filesystem::path, std::filesystem::path>;
  return exception_type<E>(
      [](const E& error) { return State(state_of(error.code()), error.path1(), error.path2()); },
      [](const State& state, const std::string&) {
        return E("", std::get<1>(state), std::get<2>(state), code_of(std::get<0>(state)));
      });
}

ExceptionType error_type() {
  return exception_type<Error>(
      [](const Error& error) { return error.code(); },
      [](errc code, const std::string& text) { return Error(code, text); });
}

ExceptionType stream_error_type() {
  using E = std::ios_base::failure;
  return exception_type<E>(
      [](const E& error) { return state_of(error.code()); },
      [](const CodeState& state, const std::string&) { return E("", code_of(state)); });
}

ExceptionType future_error_type() {
  return exception_type<std::future_error>(
      [](const std::future_error& error) { return error.code().value(); },
      [](int code, const std::string&) {
        return std::future_error(static_cast<std::future_errc>(code));
      });
}

ExceptionType regex_error_type() {
  return exception_type<std::regex_error>(
      [](const std::regex_error& error) { return static_cast<int>(error.code()); },
      [](int code, const std::string&) {
        return std::regex_error(static_cast<std::regex_constants::error_type>(code));
      });
}

class ExceptionTypes {
 public:
  static ExceptionTypes& instance() {
    static auto& types = *new ExceptionTypes;  // never destroyed
    return types;
  }

  void add(const ExceptionType& type) {
    const std::lock_guard lock(mutex_);
    types_.insert_or_assign(type.thrown->name(), type);
    types_.insert_or_assign(type.rethrown->name(), type);
  }

  // By the name of the type, as its type_info has it.
  std::optional<ExceptionType> find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = types_.find(name);
    return found == types_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  template <class... E>
  void add_all() {
    (add(exception_type<E>()), ...);
  }

  ExceptionTypes() {
    add_all<std::exception, std::logic_error, std::domain_error, std::invalid_argument,
            std::length_error, std::out_of_range, std::runtime_error, std::range_error,
            std::overflow_error, std::underflow_error>();
    add_all<std::bad_alloc, std::bad_array_new_length, std::bad_cast, std::bad_typeid,
            std::bad_exception, std::bad_function_call, std::bad_weak_ptr, std::bad_optional_access,
            std::bad_variant_access, std::bad_any_cast>();
    add(system_error_type());
    add(filesystem_type());
    add(stream_error_type());
    add(future_error_type());
    add(regex_error_type());
    add(error_type());
    add_all<Cancelled, TimeoutError, TerminatedWorkerError>();
  }

  mutable ForkSafeMutex mutex_;
  std::map<std::string, ExceptionType, std::less<>> types_;
};

[[maybe_unused]] const auto& exception_types_made_at_load = ExceptionTypes::instance();

struct Thrown {
  std::string name = {};  // of the type
  std::string text = {};
  bool is_standard = true;
};

// The type that an exception comes back as: its own, or one of those that have types below them
// which nobody registers, as the standard library's streams do.
const std::type_info& known_type(const std::exception& exception) {
  if (ExceptionTypes::instance().find(typeid(exception).name())) return typeid(exception);
  if (dynamic_cast<const TerminatedWorkerError*>(&exception) != nullptr)
    return typeid(TerminatedWorkerError);
  if (dynamic_cast<const Error*>(&exception) != nullptr) return typeid(Error);
  if (dynamic_cast<const std::ios_base::failure*>(&exception) != nullptr)
    return typeid(std::ios_base::failure);
  return typeid(exception);
}

Thrown describe(const std::exception_ptr& error) {
  Thrown thrown;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    const char* const text = exception.what();
    thrown = {known_type(exception).name(), text == nullptr ? "" : text, true};
  } catch (...) {
    thrown = {abi::__cxa_current_exception_type()->name(), {}, false};
  }
  return thrown;
}

std::string text_of_unknown(const std::string& type, const std::string& text, bool is_standard) {
  return is_standard ? type + ": " + text
                     : "a task threw a '" + type +
                           "', which is no std::exception: register_exception brings it back";
}

}  // namespace

void register_exception(const ExceptionType& type) { ExceptionTypes::instance().add(type); }

void write_error(PickleWriter& writer, const std::exception_ptr& error, std::size_t task) {
  const Thrown thrown = describe(error);
  const auto type = ExceptionTypes::instance().find(thrown.name);
  writer.begin_tuple(7);
  save(writer, task);
  save(writer, static_cast<int>(getpid()));
  save(writer, thrown.name);
  save(writer, bytes(thrown.text));
  save(writer, thrown.is_standard);
  writer.boolean(type.has_value());
  type ? type->write(writer, error) : writer.none();
  writer.end_tuple(7);
}

std::exception_ptr read_error(Extraction& extraction, const Value& value) {
  const std::span<const Value> parts = parts_of(extraction, value, 7);
  const TaskOrigin origin(extract<std::size_t>(extraction, parts[0]),
                          extract<int>(extraction, parts[1]));
  const auto name = extract<std::string>(extraction, parts[2]);
  const std::string text(extract<bytes>(extraction, parts[3]).view());
  // The other process may not have registered the type.
  if (const auto type = ExceptionTypes::instance().find(name);
      type && extract<bool>(extraction, parts[5]))
    return type->read(extraction, parts[6], origin, text);
  const std::string full =
      text_of_unknown(demangled(name.c_str()), text, extract<bool>(extraction, parts[4]));
  return rethrown(Error(errc::task_failed, full), origin, full);
}

}  // namespace joblib::detail
