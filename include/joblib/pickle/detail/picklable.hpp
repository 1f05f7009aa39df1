#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "joblib/pickle/detail/save.hpp"

namespace joblib::detail {

/// Whether Python could use it as a key; see save_hashable.
template <class T>
constexpr bool is_hashable_key() {
  if constexpr (TupleLike<T>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (is_hashable_key<std::tuple_element_t<I, T>>() && ...);
    }(std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (SetLike<T> || ListLike<T> || Row<T>) {
    return is_hashable_key<std::ranges::range_value_t<T>>();
  } else {
    return !MapLike<T> && !TensorLike<T> && !Described<T>;
  }
}

/// Whether save() takes a `T` and extract() makes one again: their branches, in their order. What
/// only refers to something, as views do, can't come back. `Outer` are the types that `T` is a part
/// of, for those that contain themselves.
// NOLINTBEGIN(bugprone-branch-clone)
template <class T, class... Outer>
constexpr bool is_picklable() {
  if constexpr (std::same_as<T, Object> || (std::same_as<T, Outer> || ...)) {
    return true;
  } else if constexpr (!std::move_constructible<T>) {
    return false;
  } else if constexpr (OwnPickler<T>) {
    if constexpr (requires(PicklerState<T> state) {
                    { pickler<T>::from_state(std::move(state)) } -> std::convertible_to<T>;
                  }) {
      return is_picklable<PicklerState<T>, T, Outer...>();
    } else {
      return false;
    }
  } else if constexpr (std::same_as<T, std::monostate> || std::is_null_pointer_v<T> ||
                       std::integral<T> || std::is_enum_v<T> || std::floating_point<T> ||
                       is_complex<T> || Path<T> || std::same_as<T, std::string> ||
                       is_specialization<T, ndarray> || is_duration<T> || is_sys_time<T>) {
    return true;
  } else if constexpr (Text<T>) {
    return false;
  } else if constexpr (ByteString<T>) {
    return !std::ranges::view<T> && std::constructible_from<T, const std::byte*, const std::byte*>;
  } else if constexpr (is_specialization<T, std::optional>) {
    return is_picklable<typename T::value_type, T, Outer...>();
  } else if constexpr (Nullable<T>) {
    using Element = std::remove_cv_t<typename T::element_type>;
    if constexpr (std::convertible_to<std::unique_ptr<Element>, T>) {
      return is_picklable<Element, T, Outer...>();
    } else {
      return false;
    }
  } else if constexpr (is_specialization<T, std::variant>) {
    return []<class... Parts>(std::type_identity<std::variant<Parts...>>) {
      return (is_picklable<Parts, T, Outer...>() && ...);
    }(std::type_identity<T>());
  } else if constexpr (TupleLike<T>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (is_picklable<std::tuple_element_t<I, T>, T, Outer...>() && ...);
    }(std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (TensorLike<T>) {
    return requires { typename T::shape_type; } && std::default_initializable<T>;
  } else if constexpr (!std::default_initializable<T> || std::ranges::view<T>) {
    return false;
  } else if constexpr (MapLike<T>) {
    return is_hashable_key<typename T::key_type>() &&
           is_picklable<typename T::key_type, T, Outer...>() &&
           is_picklable<typename T::mapped_type, T, Outer...>();
  } else if constexpr (SetLike<T>) {
    return is_hashable_key<typename T::key_type>() &&
           is_picklable<typename T::key_type, T, Outer...>();
  } else if constexpr (Row<T>) {
    return std::constructible_from<T, const bool*, const bool*> ||
           requires(T& row, std::size_t size) { row.resize(size); };
  } else if constexpr (ListLike<T>) {
    using Item = std::ranges::range_value_t<T>;
    return requires(T& list, Item item) { list.insert(list.end(), std::move(item)); } &&
           is_picklable<Item, T, Outer...>();
  } else if constexpr (Described<T>) {
    return []<class... Members>(boost::mp11::mp_list<Members...>) {
      return (is_picklable<std::remove_cvref_t<decltype(std::declval<T&>().*Members::pointer)>, T,
                           Outer...>() &&
              ...);
    }(boost::mp11::mp_rename<DescribedMembers<T>, boost::mp11::mp_list>());
  } else {
    return false;
  }
}
// NOLINTEND(bugprone-branch-clone)

}  // namespace joblib::detail
