#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"

namespace joblib::detail {

/// Names of one kind of extension ("backend", "compressor") and what they stand for. Thread-safe.
/// Value must be copyable; its copy constructor must not use the registry.
template <class Value>
class Registry {
 public:
  Registry(std::string kind, std::initializer_list<std::pair<std::string, Value>> built_ins)
      : kind_(std::move(kind)) {
    for (const auto& [name, value] : built_ins) entries_.emplace(name, Entry{value, true});
  }

  /// Replaces an added name silently, a built-in one only with `force`: without it, and for an
  /// empty name, throws Error.
  void add(std::string name, Value value, bool force) {
    if (name.empty()) {
      throw Error(errc::invalid_argument, "The name of a " + kind_ + " must not be empty.");
    }
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      entries_.emplace(std::move(name), Entry{std::move(value), false});
      return;
    }
    if (found->second.built_in && !force) {
      throw Error(errc::invalid_argument, "The " + kind_ + " '" + name +
                                              "' is built in: choose another name, or replace it "
                                              "with force.");
    }
    std::swap(found->second.value, value);  // the old value is destroyed without the lock
  }

  /// Throws Error listing all names when there is none like this.
  Value get(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(name); found != entries_.end()) return found->second.value;
    std::string known;
    for (const auto& entry : entries_) known += (known.empty() ? "'" : ", '") + entry.first + "'";
    throw Error(errc::invalid_argument, "Invalid " + kind_ + ": " + std::string(name) +
                                            ", expected one of [" + known + "]");
  }

  bool contains(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    return entries_.find(name) != entries_.end();
  }

  /// Sorted.
  std::vector<std::string> names() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> result;
    result.reserve(entries_.size());
    for (const auto& entry : entries_) result.push_back(entry.first);
    return result;
  }

 private:
  struct Entry {
    Value value;
    bool built_in;
  };

  std::string kind_;
  mutable ForkSafeMutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace joblib::detail
