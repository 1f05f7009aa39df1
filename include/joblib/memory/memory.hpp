#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "joblib/memory/memorized_func.hpp"
#include "joblib/memory/options.hpp"

namespace joblib {

/// A result in a store.
struct CacheEntry {
  std::string function;  ///< "features/costly", and the version if it has one
  std::string args_id;
  std::vector<std::pair<std::string, std::string>> input_args;
  std::uint64_t size = 0;  ///< bytes
  std::chrono::system_clock::time_point last_access = {};
  std::chrono::duration<double> duration{};  ///< of its computation
};

/// Keeps the results of functions: a call with arguments that have been seen before reads its
/// result, in this run of the program, in the next one, in another process or language. A handle;
/// copies share the store and the counters. Thread-safe.
class Memory {
 public:
  /// Results are kept in the folder `location`/joblib, or what the backend makes of the location.
  /// Without a location nothing is kept: functions are called as they are. Throws Error for an
  /// unknown backend or a bad option.
  explicit Memory(std::optional<std::filesystem::path> location, MemoryOptions options = {});

  /// The function with its results kept under `name`, a path like "features/costly". Throws Error
  /// for options that don't fit the function, a callable that has a state which can't be pickled,
  /// and a name that another function has.
  template <class F>
  auto cache(const std::string& name, F function, const CacheOptions& options = {}) const {
    static_assert(std::is_class_v<F> || std::is_pointer_v<F>, "only functions can be cached");
    if constexpr (detail::HasSignature<F>) {
      static_assert(!detail::Signature<F>::Parameters::change_their_arguments,
                    "a function that changes its arguments can't be cached: what it does to them "
                    "would be lost");
    }
    if constexpr (!std::same_as<F, detail::WithoutNoexcept<F>>) {
      return cache(name, detail::WithoutNoexcept<F>(function), options);
    } else {
      return cache_callable(name, std::move(function), options);
    }
  }

  /// The same under the function's own name, "features/costly" for features::costly.
  template <auto function>
  auto cache(const CacheOptions& options = {}) const {
    const auto* const code = reinterpret_cast<const void*>(function);
    return cache(detail::function_name(typeid(detail::Named<function>), code), function, options);
  }

  /// The same under the name that the symbol table of the program has for the function. Throws
  /// Error unless there is exactly one.
  template <class R, class... Parameters>
  auto cache(R (*function)(Parameters...), const CacheOptions& options = {}) const {
    return cache(detail::function_name_at(reinterpret_cast<const void*>(function)), function,
                 options);
  }

  template <class F>
    requires std::is_class_v<F> && (!std::convertible_to<F, std::string>)
  void cache(F, const CacheOptions& = {}) const {
    static_assert(detail::always_false<F>,
                  "a lambda or object has no name to keep its results under: "
                  "cache(\"a/name\", function)");
  }

  /// cache(function)(arguments...)
  template <class R, class... Parameters, class... Args>
  decltype(auto) eval(R (*function)(Parameters...), Args&&... args) const {
    return cache(function)(std::forward<Args>(args)...);
  }

  /// Removes all results.
  void clear() const;
  /// Removes what was used least recently until all limits hold.
  void reduce_size(const SizeLimits& limits) const;

  MemoryStats stats() const;
  /// All results in the store.
  std::vector<CacheEntry> entries() const;
  /// Removes one of them.
  void remove(const CacheEntry& entry) const;

  /// "cachedir/joblib"; empty without a store.
  std::string location() const;
  std::string repr() const;

 private:
  template <class F>
  MemorizedFunc<F> cache_callable(const std::string& name, F function,
                                  const CacheOptions& options) const {
    auto described = describe(name, options, detail::state_of(function), detail::code_of(function),
                              identity_of(function), detail::arity<F>);
    return MemorizedFunc<F>(cache_, std::move(described), std::move(function));
  }

  detail::CachedFunction describe(const std::string& name, const CacheOptions& options,
                                  detail::CallableState state, const void* code,
                                  const detail::CallableIdentity& identity,
                                  std::optional<std::size_t> arity) const;

  template <class F>
  static detail::CallableIdentity identity_of(const F& function) {
    if constexpr (std::is_pointer_v<F>) {
      return {typeid(F), reinterpret_cast<const void*>(function)};
    } else {
      return {typeid(F)};
    }
  }

  std::shared_ptr<detail::ResultCache> cache_;
};

}  // namespace joblib
