#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "joblib/pickle/detail/document.hpp"

namespace joblib::detail {

/// A module and a name in it.
struct GlobalName {
  std::string_view module, name;
};

/// What protocols below 3 call by its name in Python 2, by its name today.
GlobalName present_name(GlobalName global);

/// What the library knows of Python's `module.name`.
Known known_global(std::string_view module, std::string_view name);

/// The value that a call of a known class or function gives; empty where the call stays an
/// Instance, because the library doesn't know it or its arguments aren't the usual ones.
std::optional<Value> make_known(Document& document, const Global& callable,
                                std::span<const Value> arguments);

}  // namespace joblib::detail
