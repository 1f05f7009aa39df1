#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

#include "joblib/hashing/hashed.hpp"
#include "joblib/pickle/detail/kinds.hpp"
#include "joblib/pickle/object.hpp"

namespace joblib::detail {

template <class... Types>
struct Parameters {
  using Decayed = std::tuple<std::decay_t<Types>...>;
  static constexpr bool change_their_arguments =
      ((std::is_lvalue_reference_v<Types> && !std::is_const_v<std::remove_reference_t<Types>>) ||
       ...);
};

/// The parameters of a callable: of a function, or of the one operator() of an object. No member
/// `Parameters` where there are several operators, or a template.
template <class F>
struct Signature {};
template <class F>
  requires requires { &F::operator(); }
struct Signature<F> : Signature<decltype(&F::operator())> {};
template <class R, class... P>
struct Signature<R (*)(P...)> {
  using Parameters = detail::Parameters<P...>;
};
template <class R, class... P>
struct Signature<R (*)(P...) noexcept> : Signature<R (*)(P...)> {};
template <class R, class C, class... P>
struct Signature<R (C::*)(P...)> : Signature<R (*)(P...)> {};
template <class R, class C, class... P>
struct Signature<R (C::*)(P...) const> : Signature<R (*)(P...)> {};
template <class R, class C, class... P>
struct Signature<R (C::*)(P...) noexcept> : Signature<R (*)(P...)> {};
template <class R, class C, class... P>
struct Signature<R (C::*)(P...) const noexcept> : Signature<R (*)(P...)> {};

/// A pointer to a function that may throw, of one to a function that may not: they are one.
template <class F>
struct PlainCallable {
  using type = F;
};
template <class R, class... P>
struct PlainCallable<R (*)(P...) noexcept> {
  using type = R (*)(P...);
};
template <class F>
using WithoutNoexcept = typename PlainCallable<F>::type;

template <class F>
concept HasSignature = requires { typename Signature<F>::Parameters; };

/// The types that arguments are hashed as: those of the parameters, or, for callables that take
/// several, the arguments' own.
template <class F, class... Args>
struct DecayedParameters {
  using type = std::tuple<std::decay_t<Args>...>;
};
template <HasSignature F, class... Args>
struct DecayedParameters<F, Args...> {
  using type = typename Signature<F>::Parameters::Decayed;
};

template <class T>
inline constexpr bool is_hashed = is_specialization<std::remove_cvref_t<T>, Hashed>;

/// What the function gets of an argument: of a Hashed one its value.
template <class T>
struct PlainArgument {
  using type = T;
};
template <class T>
  requires is_hashed<T>
struct PlainArgument<T> {
  using type = decltype(std::declval<const std::remove_cvref_t<T>&>().value());
};
template <class T>
using Plain = typename PlainArgument<T>::type;

template <class T>
inline constexpr bool is_future = is_specialization<T, std::future>;

/// What a future will hold; a type itself otherwise.
template <class R>
struct Awaited {
  using type = R;
};
template <class R>
struct Awaited<std::future<R>> {
  using type = R;
};

/// What is kept of a function that returns R.
template <class R>
using Stored = std::conditional_t<std::is_void_v<typename Awaited<R>::type>, std::monostate,
                                  std::decay_t<typename Awaited<R>::type>>;

template <class R, class T>
std::future<T> ready(R result, std::type_identity<std::future<T>>) {
  std::promise<T> promise;
  if constexpr (std::is_void_v<T>) {
    promise.set_value();
  } else {
    promise.set_value(std::move(result));
  }
  return promise.get_future();
}

/// The number of parameters, where there is one number.
template <class F>
inline constexpr std::optional<std::size_t> arity = {};
template <HasSignature F>
inline constexpr std::optional<std::size_t> arity<F> =
    std::tuple_size_v<typename Signature<F>::Parameters::Decayed>;

/// Some code of the module that the callable is from: that of its call operator, where there is
/// one, which need not be in the module that caches it.
template <class F>
const void* code_of(const F& function) {
  if constexpr (std::is_pointer_v<F>) {
    return reinterpret_cast<const void*>(function);
  } else if constexpr (requires { &F::operator(); } && !std::is_polymorphic_v<F>) {
    // Of functions that aren't virtual, a member pointer begins with the address.
    const auto member = &F::operator();
    const void* code = nullptr;
    std::memcpy(&code, &member, sizeof(code));
    return code;
  } else {
    return reinterpret_cast<const void*>(&code_of<F>);
  }
}

/// What a callable is made of besides code: nothing; its own value, if that can be pickled; or
/// something that is not known, as of lambdas that capture.
struct Stateless {};
struct UnknownState {};
using CallableState = std::variant<Stateless, UnknownState, Object>;
template <class F>
CallableState state_of(const F& function) {
  if constexpr (std::is_pointer_v<F> || std::is_empty_v<F>) {
    return Stateless();
  } else if constexpr (OwnPickler<F> || Described<F>) {
    return Object(function);
  } else {
    return UnknownState();
  }
}

/// Carries the name of a function in that of a type, which all compilers write alike.
template <auto function>
struct Named {};

/// "features/costly" of Named<features::costly>, the function at the address `code`. Throws Error
/// where another file of the program has a function of this name.
std::string function_name(const std::type_info& named, const void* code);

/// The same of the function at an address, by the symbol table of its program or library. Throws
/// Error unless there is exactly one.
std::string function_name_at(const void* code);

/// The build identity of the program or library that holds the code. Throws Error where there is
/// none.
std::string build_version(const void* code);

}  // namespace joblib::detail
