#pragma once

#include <concepts>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "joblib/core/detail/cached_call.hpp"
#include "joblib/memory/detail/arguments.hpp"
#include "joblib/memory/detail/cached_function.hpp"
#include "joblib/memory/detail/result_call.hpp"
#include "joblib/memory/memorized_result.hpp"
#include "joblib/process/detail/wire.hpp"

namespace joblib {

/// What MemorizedFunc::call returns.
template <class R>
struct CallResult {
  R value;
  Metadata metadata;
};

/// A function whose results are kept. Copies are cheap and share everything; a call may be made
/// from several threads at the same time if the function allows it. Made by Memory::cache.
///
/// Arguments are hashed as what the function takes them as; a joblib::Hashed argument by its kept
/// digest. They must not change while they are hashed.
template <class F>
class MemorizedFunc {
  template <class... Args>
  using Returned = std::invoke_result_t<const F&, detail::Plain<Args>...>;
  template <class... Args>
  using Result = detail::Stored<Returned<Args...>>;

 public:
  /// The result, read from the store, or computed and stored. A function that returns a std::future
  /// gives one here, too, which is ready where the result is in the store. Throws what the function
  /// throws, and stores nothing then.
  template <class... Args>
    requires std::invocable<const F&, detail::Plain<Args>...>
  std::decay_t<Returned<Args...>> operator()(Args&&... args) const {
    if constexpr (detail::is_future<Returned<Args...>>) {
      return call_later(std::forward<Args>(args)...);
    } else if constexpr (std::is_void_v<Returned<Args...>>) {
      get(std::forward<Args>(args)...);
    } else {
      return get(std::forward<Args>(args)...);
    }
  }

  /// Always computes, and replaces the stored result. std::monostate stands for void.
  template <class... Args>
    requires std::invocable<const F&, detail::Plain<Args>...>
  CallResult<Result<Args...>> call(Args&&... args) const {
    auto arguments = arguments_of(std::forward<Args>(args)...);
    detail::FunctionCall<Result<Args...>, F, decltype(arguments)> call(*callable_, arguments);
    Metadata metadata;
    if (cache_ == nullptr) {
      call.compute();
    } else {
      metadata = cache_->compute(*function_, arguments.digest(*function_), call);
    }
    return {std::move(call).result(), std::move(metadata)};
  }

  /// Where the result is; a result that is in the store is not read. One that can't be stored is
  /// held in memory.
  template <class... Args>
    requires std::invocable<const F&, detail::Plain<Args>...>
  MemorizedResult<Result<Args...>> call_and_shelve(Args&&... args) const {
    using R = Result<Args...>;
    auto arguments = arguments_of(std::forward<Args>(args)...);
    detail::FunctionCall<R, F, decltype(arguments)> call(*callable_, arguments);
    if (cache_ == nullptr) {
      call.compute();
      return MemorizedResult<R>(std::make_shared<const R>(std::move(call).result()));
    }
    std::string args_id = arguments.digest(*function_);
    if (!cache_->shelve(*function_, args_id, call))
      return MemorizedResult<R>(std::make_shared<const R>(std::move(call).result()));
    return MemorizedResult<R>(cache_, function_, std::move(args_id));
  }

  /// Whether a call would find its result in the store.
  template <class... Args>
    requires std::invocable<const F&, detail::Plain<Args>...>
  bool check_call_in_cache(const Args&... args) const {
    if (cache_ == nullptr) return false;
    return cache_->contains(*function_, arguments_of(args...).digest(*function_));
  }

  /// Removes all results of this function, of all versions, and Python's record of its source.
  void clear() const {
    if (cache_ != nullptr) cache_->clear(*function_);
  }

  /// "features/costly"
  const std::string& func_id() const noexcept { return function_->name; }

 private:
  friend class Memory;
  friend struct detail::Wire<MemorizedFunc>;

  MemorizedFunc(std::shared_ptr<detail::ResultCache> cache, detail::CachedFunction function,
                F callable)
      : cache_(std::move(cache)),
        function_(std::make_shared<const detail::CachedFunction>(std::move(function))),
        callable_(std::make_shared<const F>(std::move(callable))) {}

  template <class... Args>
  auto arguments_of(Args&&... args) const {
    using Decayed = typename detail::DecayedParameters<F, detail::Plain<Args>...>::type;
    detail::check_arity(*function_, sizeof...(Args));
    return detail::Arguments<Decayed, Args...>(std::forward<Args>(args)...);
  }

  template <class... Args>
  Result<Args...> get(Args&&... args) const {
    auto arguments = arguments_of(std::forward<Args>(args)...);
    detail::FunctionCall<Result<Args...>, F, decltype(arguments)> call(*callable_, arguments);
    if (cache_ == nullptr) {
      call.compute();
    } else {
      cache_->get(*function_, arguments.digest(*function_), call);
    }
    return std::move(call).result();
  }

  template <class... Args>
  Returned<Args...> call_later(Args&&... args) const {
    using R = Result<Args...>;
    if (cache_ != nullptr) {
      detail::ReadCall<R> call;
      if (cache_->find(*function_, arguments_of(args...).digest(*function_), call, LogLevel::debug))
        return detail::ready(std::move(call).result(), std::type_identity<Returned<Args...>>());
    }
    using Decayed = typename detail::DecayedParameters<F, detail::Plain<Args>...>::type;
    using Copies = typename detail::KeptForLater<F, Decayed, Args...>::type;
    return std::async(std::launch::async, [self = *this, is_inner = detail::in_cached_call(),
                                           copies = Copies(std::forward<Args>(args)...)]() mutable {
      detail::in_cached_call() = is_inner;
      const auto get = [&](auto&... each) { return self.get(std::move(each)...); };
      if constexpr (std::same_as<R, std::monostate>) {
        std::apply(get, copies);
      } else {
        return std::apply(get, copies);
      }
    });
  }

  std::shared_ptr<detail::ResultCache> cache_;
  std::shared_ptr<const detail::CachedFunction> function_;
  std::shared_ptr<const F> callable_;
};

namespace detail {

// As a task, or an argument of one, in another process: it uses the same store there.
template <class F>
struct Wire<MemorizedFunc<F>> {
  static constexpr bool sendable = Wire<F>::sendable;
  using Kept = MemorizedFunc<F>;

  static const std::type_info* obstacle() { return Wire<F>::obstacle(); }
  static void write(PickleWriter& writer, const MemorizedFunc<F>& function) {
    writer.begin_tuple(2);
    Wire<F>::write(writer, *function.callable_);
    write_cached_function(writer, function.cache_.get(), *function.function_);
    writer.end_tuple(2);
  }
  static Kept read(Extraction& extraction, const Value& value) {
    const std::span<const Value> parts = parts_of(extraction, value, 2);
    auto callable = Wire<F>::read(extraction, parts[0]);
    auto [cache, function] = read_cached_function(extraction, parts[1]);
    return {std::move(cache), std::move(function), Wire<F>::give(callable)};
  }
  static Kept&& give(Kept& kept) { return std::move(kept); }
};

}  // namespace detail
}  // namespace joblib
