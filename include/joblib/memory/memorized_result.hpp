#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "joblib/core/error.hpp"
#include "joblib/memory/detail/result_cache.hpp"
#include "joblib/memory/detail/result_call.hpp"
#include "joblib/pickle/dump.hpp"
#include "joblib/pickle/load.hpp"
#include "joblib/pickle/pickler.hpp"

namespace joblib {

/// Stands for a result in a store: small, copyable, and, where the store has a name and holds more
/// than live objects, picklable, so that another process can get the result. Of a function that is
/// not cached it holds the value.
template <class R>
class MemorizedResult {
 public:
  /// The result. Throws Error: errc::not_found where it has been cleared, corrupt_data where it is
  /// damaged; the next call computes it again.
  R get() const {
    if (value_ != nullptr) {
      if constexpr (detail::is_copyable<R>()) {
        return *value_;
      } else {
        return loads<R>(dumps(*value_));
      }
    }
    if (cache_ == nullptr) throw Error(errc::not_found, "No value stored.");
    detail::ReadCall<R> call;
    cache_->load(*function_, args_id_, call);
    return std::move(call).result();
  }

  /// Removes the result from the store.
  void clear() {
    if (cache_ != nullptr) cache_->remove(detail::entry_of(*function_, args_id_));
    value_ = nullptr;
  }

  /// MemorizedResult(location="...", func="features/costly", args_id="...")
  std::string repr() const {
    if (cache_ == nullptr)
      return value_ == nullptr ? "NotMemorizedResult with no value" : "NotMemorizedResult";
    return "MemorizedResult(location=\"" + cache_->store().location() + "\", func=\"" +
           function_->name + "\", args_id=\"" + args_id_ + "\")";
  }

 private:
  template <class F>
  friend class MemorizedFunc;
  friend struct pickler<MemorizedResult<R>>;

  explicit MemorizedResult(std::shared_ptr<const R> value) : value_(std::move(value)) {}
  MemorizedResult(std::shared_ptr<detail::ResultCache> cache,
                  std::shared_ptr<const detail::CachedFunction> function, std::string args_id)
      : cache_(std::move(cache)), function_(std::move(function)), args_id_(std::move(args_id)) {}

  std::shared_ptr<const R> value_ = nullptr;
  std::shared_ptr<detail::ResultCache> cache_ = nullptr;
  std::shared_ptr<const detail::CachedFunction> function_ = nullptr;
  std::string args_id_ = {};
};

/// As where the result is: location, kind of store and its options, function, folder, arguments;
/// and how it is read.
template <class R>
struct pickler<MemorizedResult<R>> {
  static constexpr bool copies_are_independent = true;
  using State = std::tuple<std::string, std::string, StoreOptions, std::string, std::string,
                           std::string, std::optional<MmapMode>>;

  static State to_state(const MemorizedResult<R>& result) {
    if (result.cache_ == nullptr || result.cache_->options().backend.name().empty() ||
        !result.cache_->store().keeps_items()) {
      throw Error(errc::invalid_argument,
                  "a MemorizedResult can't be pickled unless its store was chosen by a name, and "
                  "holds no live objects: pickle the value");
    }
    return {result.cache_->location_elsewhere(),
            result.cache_->options().backend.name(),
            result.cache_->options().backend_options,
            result.function_->name,
            result.function_->folder,
            result.args_id_,
            result.function_->mmap_mode};
  }

  static MemorizedResult<R> from_state(const State& state) {
    const auto& [location, backend, options, name, folder, args_id, mmap_mode] = state;
    auto function = std::make_shared<detail::CachedFunction>();
    function->name = name;
    function->folder = folder;
    function->verbose = 0;
    function->mmap_mode = mmap_mode;
    auto cache = std::make_shared<detail::ResultCache>(
        location, MemoryOptions{.backend = backend, .verbose = 0, .backend_options = options});
    return {std::move(cache), std::move(function), args_id};
  }
};

}  // namespace joblib
