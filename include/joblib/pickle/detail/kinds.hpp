#pragma once

#include <array>
#include <chrono>
#include <complex>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <ranges>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/describe/members.hpp>

#include "joblib/numpy/dtype.hpp"
#include "joblib/pickle/pickler.hpp"

namespace joblib::detail {

// The kinds of C++ types that have a counterpart in Python.

template <class T, template <class...> class Template>
inline constexpr bool is_specialization = false;
template <template <class...> class Template, class... Args>
inline constexpr bool is_specialization<Template<Args...>, Template> = true;

template <class T>
concept OwnPickler = requires(const T& value) { pickler<T>::to_state(value); };
template <OwnPickler T>
using PicklerState = std::decay_t<decltype(pickler<T>::to_state(std::declval<const T&>()))>;

template <class T>
concept Character = std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
                    std::same_as<T, char16_t> || std::same_as<T, char32_t>;

/// Numbers of C++ that are no characters.
template <class T>
concept Integer = std::integral<T> && !Character<T> && !std::same_as<T, bool>;

template <class T>
concept Text = std::convertible_to<const T&, std::string_view> && !std::is_null_pointer_v<T>;

template <class T>
concept Path = std::same_as<T, std::filesystem::path>;

template <class T>
concept ByteString = std::ranges::contiguous_range<const T> &&
                     std::same_as<std::ranges::range_value_t<const T>, std::byte> &&
                     !requires(const T& value) { value.strides(); };

template <class T>
concept Nullable = is_specialization<T, std::optional> || is_specialization<T, std::unique_ptr> ||
                   is_specialization<T, std::shared_ptr>;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t Size>
inline constexpr bool is_std_array<std::array<T, Size>> = true;

template <class T>
concept TupleLike =
    is_specialization<T, std::tuple> || is_specialization<T, std::pair> || is_std_array<T>;

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

template <class T>
inline constexpr bool is_sys_time = false;
template <class Duration>
inline constexpr bool is_sys_time<std::chrono::sys_time<Duration>> = true;

/// Arrays of one type in memory, of any number of dimensions: xtensor's containers and adaptors,
/// and what has the same members.
template <class T>
concept TensorLike = requires(const T& tensor) {
  typename T::value_type;
  tensor.shape().begin();
  tensor.strides().begin();
  tensor.data();
  tensor.data_offset();
  tensor.layout();
} && ArrayElement<std::remove_cv_t<typename T::value_type>>;

/// Arithmetic elements in one row: vectors, spans; also std::vector<bool>.
template <class T>
concept Row =
    std::ranges::sized_range<const T> && !TupleLike<T> && !Text<T> && !ByteString<T> &&
    !TensorLike<T> && ArrayElement<std::ranges::range_value_t<const T>> &&
    (std::ranges::contiguous_range<const T> ||
     std::same_as<std::ranges::range_value_t<const T>, bool>)&&!requires { typename T::key_type; };

template <class T>
concept MapLike = std::ranges::sized_range<const T> && requires {
  typename T::key_type;
  typename T::mapped_type;
};

template <class T>
concept SetLike =
    std::ranges::sized_range<const T> && !MapLike<T> && requires { typename T::key_type; };

template <class T>
concept Described = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

template <class T>
concept ListLike = std::ranges::sized_range<const T> && !Row<T> && !TupleLike<T> && !Text<T> &&
                   !ByteString<T> && !TensorLike<T> && !MapLike<T> && !SetLike<T> && !Path<T>;

template <class T>
inline constexpr bool always_false = false;

}  // namespace joblib::detail
