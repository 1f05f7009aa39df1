#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "joblib/memory/detail/result_cache.hpp"
#include "joblib/memory/detail/signature.hpp"
#include "joblib/numpy/ndarray.hpp"
#include "joblib/pickle/detail/save.hpp"
#include "joblib/store/object_cache.hpp"

namespace joblib::detail {

template <class T>
constexpr bool has_sharing_members();

/// Whether who changes a copy changes the original.
template <class T>
inline constexpr bool shares_with_copies = has_sharing_members<T>();
template <template <class...> class Holder, class... Types>
inline constexpr bool shares_with_copies<Holder<Types...>> =
    has_sharing_members<Holder<Types...>>() || (shares_with_copies<Types> || ...);
template <class T, std::size_t size>
inline constexpr bool shares_with_copies<std::array<T, size>> = shares_with_copies<T>;
template <class T>
inline constexpr bool shares_with_copies<ndarray<T>> = !std::is_const_v<T>;
template <class T>
inline constexpr bool shares_with_copies<std::shared_ptr<T>> =
    !std::is_const_v<T> || shares_with_copies<std::remove_const_t<T>>;

template <class T>
constexpr bool has_sharing_members() {
  bool found = false;
  if constexpr (Described<T>) {
    boost::mp11::mp_for_each<DescribedMembers<T>>([&](auto member) {
      using Member = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
      found = found || shares_with_copies<Member>;
    });
  }
  return found;
}

/// A call whose result is of type R, and can only be read.
template <class R>
class ReadCall : public CachedCall {
 public:
  void read(Load& load) override { result_.emplace(load.value<R>()); }

  bool find(ObjectCache& objects, const std::string& name) override {
    if constexpr (has_objects) {
      if (const auto object = objects.find<R>(name)) result_.emplace(*object);
    }
    return result_.has_value();
  }

  void keep(ObjectCache& objects, const std::string& name, std::uint64_t bytes) const override {
    if constexpr (has_objects) objects.keep<R>(name, std::make_shared<const R>(*result_), bytes);
  }

  void write(PickleWriter& writer) const override { save(writer, *result_); }
  bool is_object() const override { return has_objects; }
  void compute() override {}
  std::vector<std::string> arguments() const override { return {}; }

  R result() && { return std::move(*result_); }

 protected:
  std::optional<R> result_ = {};

 private:
  static constexpr bool has_objects = std::copy_constructible<R> && !shares_with_copies<R>;
};

/// A call that can also be computed: `function` is called with `arguments` once.
template <class R, class F, class Arguments>
class FunctionCall final : public ReadCall<R> {
 public:
  FunctionCall(const F& function, Arguments& arguments)
      : function_(function), arguments_(arguments) {}

  void compute() override {
    using Returned = decltype(arguments_.apply(function_));
    if constexpr (std::is_void_v<Returned>) {
      arguments_.apply(function_);
      this->result_.emplace();
    } else if constexpr (is_future<Returned>) {
      if constexpr (std::same_as<R, std::monostate>) {
        arguments_.apply(function_).get();
        this->result_.emplace();
      } else {
        this->result_.emplace(arguments_.apply(function_).get());
      }
    } else {
      this->result_.emplace(arguments_.apply(function_));
    }
  }

  std::vector<std::string> arguments() const override { return arguments_.representations(); }

 private:
  const F& function_;
  Arguments& arguments_;
};

}  // namespace joblib::detail
