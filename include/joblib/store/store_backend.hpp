#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "joblib/io/byte_stream.hpp"

namespace joblib {

class ObjectCache;

/// Throws Error unless `name` is one that an item or a folder can have: parts between slashes, none
/// of which is empty or begins with a dot, without a zero byte.
void check_item_name(std::string_view name);

/// What a store knows of an item without reading it.
struct StoreItem {
  std::string name;
  std::uint64_t size = 0;                                  ///< bytes
  std::chrono::system_clock::time_point last_access = {};  ///< see StoreBackend::touch
};

/// Holds what was made by StoreBackend::lock; gives it back when it is destroyed.
class StoreLock {
 public:
  virtual ~StoreLock() = default;

  /// Whether there was nothing in the folder of this name when the lock was taken, so that nobody
  /// need look there. The default is false: the store doesn't know.
  virtual bool found_nothing() const { return false; }
};

/// Where `Memory` keeps its results: items, each a stream of bytes, by name. Derive from it to keep
/// them somewhere else; see docs/custom-stores.md. Caching, limits, single computation and healing
/// of damaged items are Memory's and work with any store.
///
/// A name is a relative path, "features/costly/3f.../output.pkl", see check_item_name; other names
/// are an Error. The parts before the last one name folders, which exist as long as there is
/// something in them. All members may be called by several threads at the same time, and items may
/// be used by other processes and machines meanwhile. They throw Error where the store fails; that
/// there is no such item is not an error.
class StoreBackend {
 public:
  virtual ~StoreBackend() = default;

  /// For messages: "cachedir/joblib", "s3://bucket/cachedir/joblib".
  virtual std::string location() const = 0;

  /// The bytes of an item, from the first one; null where there is none. They stay what they are
  /// while they are read, also if the item is replaced or removed meanwhile. The item has been used
  /// then, as with touch().
  virtual std::unique_ptr<ByteSource> open(const std::string& name) = 0;

  /// A new item: with finish() it appears under its name, complete, and replaces one that is there.
  /// A sink that is destroyed before leaves nothing behind.
  virtual std::unique_ptr<ByteSink> create(const std::string& name) = 0;

  virtual bool exists(const std::string& name) = 0;

  /// Calls `visit` with each item whose name begins with `folder` and a slash, or with all if
  /// `folder` is empty; those of one folder come one after the other. Items that come or go
  /// meanwhile may be missed. Ends early when `visit` returns false. `visit` may use the store.
  virtual void list(const std::string& folder,
                    const std::function<bool(const StoreItem&)>& visit) = 0;

  /// Removes an item, or all items in a folder, or with an empty name all that there are. What is
  /// gone already is no error; what is created meanwhile may stay.
  virtual void remove(const std::string& name) = 0;

  /// Notes that an item has been used now without open(): as a file, or as an object. The default
  /// does nothing.
  virtual void touch(const std::string& /*name*/) {}

  /// The item as a file of this machine, whether or not it exists, where arrays can be mapped from.
  /// The default: there are no files.
  virtual std::optional<std::filesystem::path> file(const std::string& /*name*/) { return {}; }

  /// Waits until nobody else who uses the store on this machine holds the lock of this name, and
  /// takes it; the death of its holder frees it. The lock must not outlive the store. The default
  /// is null: there are no locks, and two processes may compute the same result.
  virtual std::unique_ptr<StoreLock> lock(const std::string& /*name*/) { return nullptr; }

  /// Where results are kept as live objects, in front of the items and under the names of these;
  /// null where they are not.
  virtual ObjectCache* objects() { return nullptr; }

  /// Whether results are written as items, too.
  virtual bool keeps_items() const { return true; }
};

/// A value of store options.
using StoreOption = std::variant<bool, std::int64_t, double, std::string>;

/// Options of one store by name, e.g. {{"bucket", "results"}}.
using StoreOptions = std::map<std::string, StoreOption, std::less<>>;

/// Makes a store for a location, as it was given to Memory. An option that the store doesn't know
/// must be an Error.
using StoreFactory = std::function<std::shared_ptr<StoreBackend>(const std::string& location,
                                                                 const StoreOptions& options)>;

/// Adds a kind of store under `name`, or replaces an added one; names of built-in ones ("local",
/// "memory") are an Error unless forced. Thread-safe.
void register_store_backend(std::string name, StoreFactory factory, bool force = false);

/// A store by name, or the object itself.
class StoreRef {
 public:
  StoreRef() = default;  ///< "local"
  StoreRef(const char* name) : value_(std::string(name)) {}
  StoreRef(std::string name) : value_(std::move(name)) {}
  StoreRef(std::string_view name) : value_(std::string(name)) {}
  template <std::derived_from<StoreBackend> Store>
  StoreRef(std::shared_ptr<Store> store)
      : value_(std::shared_ptr<StoreBackend>(std::move(store))) {}

  /// Empty for an object.
  std::string name() const {
    const auto* const name = std::get_if<std::string>(&value_);
    return name == nullptr ? std::string() : *name;
  }

  /// The store itself; an object is used as it is, whatever the location. Throws Error for an
  /// unknown name, a null pointer, or options given to an object.
  std::shared_ptr<StoreBackend> resolve(const std::string& location,
                                        const StoreOptions& options) const;

 private:
  std::variant<std::string, std::shared_ptr<StoreBackend>> value_ = std::string("local");
};

}  // namespace joblib
