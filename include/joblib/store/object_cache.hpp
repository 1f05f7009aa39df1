#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>
#include <utility>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib {

struct ObjectLimits {
  std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();  ///< of all objects together
  std::size_t items = std::numeric_limits<std::size_t>::max();
};

/// Results in memory, as the objects that they are, under the names of their items: those that were
/// used last stay. Thread-safe; objects are destroyed by the call that drops them, or by whoever
/// uses them longest.
class ObjectCache {
 public:
  using Callback = std::function<void(const std::string& name)>;

  /// `evicted` is told of each object that had to make room for another one or had none itself,
  /// `used` of each that is found, at most once a minute.
  explicit ObjectCache(ObjectLimits limits = {}, Callback evicted = {}, Callback used = {})
      : limits_(limits), evicted_(std::move(evicted)), used_(std::move(used)) {}
  ObjectCache(const ObjectCache&) = delete;
  ObjectCache& operator=(const ObjectCache&) = delete;

  /// The object of this name and type, which has been used now; null where there is none.
  template <class T>
  std::shared_ptr<const T> find(const std::string& name) {
    return std::static_pointer_cast<const T>(find(name, typeid(T)));
  }

  /// Counts what may have changed the object of a name: those kept under it, but for objects that
  /// were read, all removals, and some changes of others.
  std::uint64_t changes(const std::string& name) const;

  /// Keeps an object under a name, in place of one that is there. `bytes` is what it counts for the
  /// limit; an object above the limit is not kept. For an object that was read from an item of a
  /// store, `changes` is what changes(name) was before: if it is another number by now, the item
  /// may have been replaced or removed, and the object is not kept.
  template <class T>
  void keep(const std::string& name, std::shared_ptr<const T> object, std::uint64_t bytes,
            std::optional<std::uint64_t> changes = {}) {
    keep(name, typeid(T), std::move(object), bytes, changes);
  }

  bool contains(const std::string& name) const;

  /// As StoreBackend::list and StoreBackend::remove.
  void list(const std::string& folder, const std::function<bool(const StoreItem&)>& visit) const;
  /// The object after `name` whose name begins with `prefix`, in the order of names.
  std::optional<StoreItem> next(const std::string& prefix, const std::string& name) const;
  void remove(const std::string& name);

 private:
  struct Entry {
    StoreItem item;
    std::type_index type;
    std::shared_ptr<const void> object;
    std::chrono::system_clock::time_point told = {};  // when used_ was
  };
  using Entries = std::list<Entry>;

  std::shared_ptr<const void> find(const std::string& name, std::type_index type);
  void keep(const std::string& name, std::type_index type, std::shared_ptr<const void> object,
            std::uint64_t bytes, std::optional<std::uint64_t> changes);
  std::size_t bucket_of(const std::string& name) const {
    return std::hash<std::string>()(name) % kept_.size();
  }
  void take_out(Entries::iterator entry, Entries& into);

  const ObjectLimits limits_;
  const Callback evicted_;
  const Callback used_;
  mutable detail::ForkSafeMutex mutex_ = {};
  // All guarded by mutex_; the keys are the names in the entries.
  Entries entries_ = {};  // the one that was used last comes first
  std::unordered_map<std::string_view, Entries::iterator> by_name_ = {};
  std::map<std::string_view, Entries::iterator> sorted_ = {};
  std::uint64_t bytes_ = 0;
  std::uint64_t removals_ = 0;
  std::array<std::uint64_t, 64> kept_ = {};  // by hashes of names
};

}  // namespace joblib
