#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <tuple>
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

/// Whether a T can be copied: containers of items that can't be copied say so, too. `Seen` are the
/// types that T is a part of.
template <class T, class Seen = boost::mp11::mp_list<>>
constexpr bool is_copyable();

template <class T, class Seen>
struct HasCopyableParts {
  static constexpr bool of_members() {
    bool all = true;
    if constexpr (Described<T>) {
      boost::mp11::mp_for_each<DescribedMembers<T>>([&](auto member) {
        using Member = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
        all = all && is_copyable<Member, Seen>();
      });
    }
    if constexpr (std::ranges::range<const T>)
      all = all && is_copyable<std::ranges::range_value_t<const T>, Seen>();
    return all;
  }
  static constexpr bool value = of_members();
};
template <template <class...> class Holder, class... Types, class Seen>
  requires(TupleLike<Holder<Types...>> || is_specialization<Holder<Types...>, std::optional> ||
           is_specialization<Holder<Types...>, std::variant>)
struct HasCopyableParts<Holder<Types...>, Seen> {
  static constexpr bool value = (is_copyable<Types, Seen>() && ...);
};

template <class T, class Seen>
constexpr bool is_copyable() {
  if constexpr (!std::copy_constructible<T>) {
    return false;
  } else if constexpr (boost::mp11::mp_contains<Seen, T>::value) {
    return true;
  } else {
    return HasCopyableParts<T, boost::mp11::mp_push_back<Seen, T>>::value;
  }
}

/// Whether who changes a copy changes the original. `Seen` are the types that T is a part of.
template <class T, class Seen = boost::mp11::mp_list<>>
constexpr bool shares_with_copies();

template <class T, class Seen>
constexpr bool has_sharing_members() {
  bool found = false;
  if constexpr (Described<T>) {
    boost::mp11::mp_for_each<DescribedMembers<T>>([&](auto member) {
      using Member = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
      found = found || shares_with_copies<Member, Seen>();
    });
  }
  return found;
}

template <class T, class Seen>
struct SharedByCopies {
  static constexpr bool value = has_sharing_members<T, Seen>();
};
template <template <class...> class Holder, class... Types, class Seen>
struct SharedByCopies<Holder<Types...>, Seen> {
  static constexpr bool value =
      has_sharing_members<Holder<Types...>, Seen>() || (shares_with_copies<Types, Seen>() || ...);
};
template <class T, std::size_t size, class Seen>
struct SharedByCopies<std::array<T, size>, Seen> {
  static constexpr bool value = shares_with_copies<T, Seen>();
};
template <class T, class Seen>
struct SharedByCopies<ndarray<T>, Seen> {
  static constexpr bool value = !std::is_const_v<T>;
};
template <class T, class Seen>
struct SharedByCopies<std::shared_ptr<T>, Seen> {
  static constexpr bool value =
      !std::is_const_v<T> || shares_with_copies<std::remove_const_t<T>, Seen>();
};

template <class T, class Seen>
constexpr bool shares_with_copies() {
  if constexpr (boost::mp11::mp_contains<Seen, T>::value) {
    return false;
  } else if constexpr (OwnPickler<T>) {  // nothing else is known of the type
    return !requires { requires pickler<T>::copies_are_independent; };
  } else {
    return SharedByCopies<T, boost::mp11::mp_push_back<Seen, T>>::value;
  }
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

  void keep(ObjectCache& objects, const std::string& name, std::uint64_t bytes,
            std::optional<std::uint64_t> changes) const override {
    if constexpr (has_objects)
      objects.keep<R>(name, std::make_shared<const R>(*result_), bytes, changes);
  }

  void write(PickleWriter& writer) const override { save(writer, *result_); }
  bool is_object() const override { return has_objects; }
  void compute() override {}
  std::vector<std::string> arguments(ShownIn) const override { return {}; }

  R result() && { return std::move(*result_); }

 protected:
  std::optional<R> result_ = {};

 private:
  static constexpr bool has_objects = is_copyable<R>() && !shares_with_copies<R>();
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

  std::vector<std::string> arguments(ShownIn place) const override {
    return arguments_.representations(place);
  }

 private:
  const F& function_;
  Arguments& arguments_;
};

}  // namespace joblib::detail
