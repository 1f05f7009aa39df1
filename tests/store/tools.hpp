#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "io/bytes.hpp"
#include "joblib/core/error.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib::test {

inline void put(StoreBackend& store, const std::string& name, std::string_view text) {
  const auto sink = store.create(name);
  sink->write(joblib_test::bytes_of(text));
  sink->finish();
}

inline std::string text_of(ByteSource& source) {
  const auto bytes = joblib_test::read_all(source, 4096);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Empty where there is no such item.
inline std::optional<std::string> get(StoreBackend& store, const std::string& name) {
  const auto source = store.open(name);
  if (source == nullptr) return std::nullopt;
  return text_of(*source);
}

using Names = std::set<std::string>;

inline Names names_in(StoreBackend& store, const std::string& folder = "") {
  Names names;
  store.list(folder, [&](const StoreItem& item) { return names.insert(item.name).second; });
  return names;
}

inline std::optional<StoreItem> item_of(StoreBackend& store, const std::string& name) {
  std::optional<StoreItem> found;
  store.list("", [&](const StoreItem& item) {
    if (item.name == name) found = item;
    return !found;
  });
  return found;
}

/// Repeats an action until a condition holds, or for a minute: whether it holds.
template <class Action, class Condition>
bool repeat_until(Action action, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    action();
  }
  return true;
}

/// The code of the Error that an action throws; empty where it throws none.
template <class Action>
std::optional<errc> error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

}  // namespace joblib::test
