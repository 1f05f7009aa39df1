#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include <boost/mp11/algorithm.hpp>

#include "joblib/numpy/array.hpp"
#include "joblib/numpy/ndarray.hpp"
#include "joblib/pickle/detail/batches.hpp"
#include "joblib/pickle/detail/keys.hpp"
#include "joblib/pickle/detail/kinds.hpp"
#include "joblib/pickle/detail/mismatch.hpp"
#include "joblib/pickle/detail/scalars.hpp"

namespace joblib {

class Object;

namespace detail {

/// Defined in save_value.hpp, and compiled where the sink is.
template <class Sink>
void save_object(Sink& sink, const Object& object);
void save_object(Machine& sink, const Object& object);

template <class Sink, class T>
void save(Sink& sink, const T& value);

/// The array of elements that lie in memory already, and are not owned.
template <ArrayElement Element>
Array view_of_elements(const Element* data, std::vector<std::size_t> shape,
                       std::vector<std::ptrdiff_t> strides) {
  auto* const bytes = const_cast<std::byte*>(reinterpret_cast<const std::byte*>(data));
  Array array{.type = dtype::of<Element>()};
  array.shape = std::move(shape);
  array.strides = std::move(strides);
  array.data = std::shared_ptr<std::byte>(std::shared_ptr<std::byte>(), bytes);
  return array;
}

/// For arrays that are gone when `save` has returned: a Machine that borrows copies them.
template <class Sink, class Save>
void save_passing(Sink& sink, Save save) {
  if constexpr (requires { typename Sink::Copying; }) {
    const typename Sink::Copying copying(sink);
    save();
  } else {
    save();
  }
}

template <class Sink, Row T>
void save_row(Sink& sink, const T& row) {
  using Element = std::ranges::range_value_t<const T>;
  if constexpr (std::ranges::contiguous_range<const T>) {
    sink.array(view_of_elements<Element>(std::ranges::data(row), {std::ranges::size(row)},
                                         {static_cast<std::ptrdiff_t>(sizeof(Element))}));
  } else {  // the packed bits of std::vector<bool>
    const std::unique_ptr<bool[]> elements(new bool[std::ranges::size(row)]);
    std::ranges::copy(row, elements.get());
    const auto bits = view_of_elements<bool>(elements.get(), {std::ranges::size(row)}, {1});
    save_passing(sink, [&] { sink.array(bits); });
  }
}

template <class Sink, TensorLike T>
void save_tensor(Sink& sink, const T& tensor) {
  using Element = std::remove_cv_t<typename T::value_type>;
  std::vector<std::size_t> shape(tensor.shape().begin(), tensor.shape().end());
  std::vector<std::ptrdiff_t> strides;
  for (const auto stride : tensor.strides()) {
    strides.push_back(static_cast<std::ptrdiff_t>(stride) *
                      static_cast<std::ptrdiff_t>(sizeof(Element)));
  }
  sink.array(view_of_elements<Element>(tensor.data() + tensor.data_offset(), std::move(shape),
                                       std::move(strides)));
}

template <class Sink, class T>
void save_list(Sink& sink, const T& list) {
  const auto save_item = [&](auto&& element) {
    if constexpr (std::is_lvalue_reference_v<std::ranges::range_reference_t<const T>>) {
      save(sink, element);
    } else {
      save_passing(sink, [&] { save(sink, element); });
    }
  };
  sink.empty_list();
  auto item = std::ranges::begin(list);
  save_items(sink, std::ranges::size(list),
             [&](std::size_t i) { inside([&] { return step(i); }, [&] { save_item(*item++); }); });
}

template <class Sink, class T>
void save_tuple(Sink& sink, const T& tuple) {
  std::apply(
      [&](const auto&... items) {
        sink.begin_tuple(sizeof...(items));
        std::size_t i = 0;
        inside([&] { return step(i); }, [&] { ((save(sink, items), ++i), ...); });
        sink.end_tuple(sizeof...(items));
      },
      tuple);
}

/// A key or an item of a set, which Python must be able to hash.
template <class Sink, class T>
void save_hashable(Sink& sink, const T& value) {
  if constexpr (SetLike<T>) {
    Keys keys(sink, value, std::identity());
    sink.frozenset(std::ranges::size(value), [&](std::size_t) { keys.save_next(); });
  } else if constexpr (TupleLike<T>) {
    std::apply(
        [&](const auto&... items) {
          sink.begin_tuple(sizeof...(items));
          (save_hashable(sink, items), ...);
          sink.end_tuple(sizeof...(items));
        },
        value);
  } else if constexpr (ListLike<T> || Row<T>) {
    sink.begin_tuple(std::ranges::size(value));
    for (const auto& item : value)
      save_hashable(sink, static_cast<std::ranges::range_value_t<T>>(item));
    sink.end_tuple(std::ranges::size(value));
  } else {
    static_assert(!MapLike<T> && !TensorLike<T> && !Described<T>,
                  "Python can't hash this type: it can't be a key or an item of a set");
    save(sink, value);
  }
}

template <class Key>
std::string step_of_key(const Key& key) {
  if constexpr (Text<Key>) {
    return step(std::string_view(key));
  } else if constexpr (Integer<Key>) {
    return '[' + std::to_string(key) + ']';
  } else {
    return "[...]";
  }
}

template <class Sink, MapLike T>
void save_map(Sink& sink, const T& map) {
  sink.empty_dict();
  Keys keys(sink, map, [](const auto& entry) -> auto& { return entry.first; });
  save_entries(sink, std::ranges::size(map), [&](std::size_t) {
    const auto& entry = keys.save_next();
    inside([&] { return step_of_key(entry.first); }, [&] { save(sink, entry.second); });
  });
}

template <class Sink, SetLike T>
void save_set(Sink& sink, const T& set) {
  Keys keys(sink, set, std::identity());
  sink.set(std::ranges::size(set), [&](std::size_t) { keys.save_next(); });
}

/// Private ones included: who describes them wants them.
template <class T>
using DescribedMembers = boost::describe::describe_members<T, boost::describe::mod_any_access |
                                                                  boost::describe::mod_inherited>;

/// Positions of the members in the order in which a sink takes them: a digest by name.
template <class Sink, class Members>
constexpr auto member_order() {
  std::array<std::size_t, boost::mp11::mp_size<Members>::value> order{};
  std::iota(order.begin(), order.end(), std::size_t{0});
  if constexpr (Digesting<Sink>) {
    std::array<std::string_view, order.size()> names{};
    boost::mp11::mp_for_each<boost::mp11::mp_iota_c<order.size()>>(
        [&](auto i) { names[i] = boost::mp11::mp_at<Members, decltype(i)>::name; });
    std::ranges::sort(order, {}, [&](std::size_t position) { return names[position]; });
  }
  return order;
}

template <class Sink, Described T>
void save_members(Sink& sink, const T& value) {
  if constexpr (std::is_polymorphic_v<T>) {
    if (typeid(value) != typeid(T)) throw_derived(typeid(value), typeid(T));
  }
  using Members = DescribedMembers<T>;
  constexpr std::size_t count = boost::mp11::mp_size<Members>::value;
  constexpr auto order = member_order<Sink, Members>();
  sink.empty_dict();
  if constexpr (count > 0) {
    if (count > 1) sink.mark();
    boost::mp11::mp_for_each<boost::mp11::mp_iota_c<count>>([&](auto i) {
      using Member = boost::mp11::mp_at_c<Members, order[i]>;
      sink.name(Member::name);
      inside([] { return step(std::string_view(Member::name)); },
             [&] { save(sink, value.*Member::pointer); });
    });
    count > 1 ? sink.setitems() : sink.setitem();
  }
}

/// A time as Python's datetime and timedelta have it, in microseconds; other precisions are an
/// Error where they would lose something.
template <class Rep, class Period>
std::int64_t to_microseconds(std::chrono::duration<Rep, Period> duration) {
  using Exact = std::chrono::duration<long double, std::micro>;
  const long double exact = Exact(duration).count();
  const bool in_range = exact >= -0x1p63L && exact < 0x1p63L;
  if (!in_range || static_cast<long double>(static_cast<std::int64_t>(exact)) != exact)
    throw_inexact_time();
  return static_cast<std::int64_t>(exact);
}

/// The active alternative; with its position where that counts.
template <class Sink, class... Types>
void save_variant(Sink& sink, const std::variant<Types...>& variant) {
  const auto save_active = [&] {
    std::visit([&](const auto& active) { save(sink, active); }, variant);
  };
  if constexpr (Digesting<Sink>) {
    if (sink.tells_alternatives()) {
      sink.begin_tuple(2);
      sink.unsigned_integer(variant.index());
      save_active();
      return sink.end_tuple(2);
    }
  }
  save_active();
}

/// Saves one C++ value to a sink: Machine, PickleWriter or a digest.
template <class Sink, class T>
void save(Sink& sink, const T& value) {
  if constexpr (OwnPickler<T>) {
    if constexpr (std::is_lvalue_reference_v<decltype(pickler<T>::to_state(value))>) {
      save(sink, pickler<T>::to_state(value));
    } else {
      save_passing(sink, [&] { save(sink, pickler<T>::to_state(value)); });
    }
  } else if constexpr (std::same_as<T, Object>) {
    save_object(sink, value);
  } else if constexpr (std::is_null_pointer_v<T> || std::same_as<T, std::monostate> ||
                       std::same_as<T, std::nullopt_t>) {
    sink.none();
  } else if constexpr (std::same_as<T, bool>) {
    sink.boolean(value);
  } else if constexpr (Character<T>) {
    sink.str(character_to_utf8(static_cast<char32_t>(std::make_unsigned_t<T>(value)), sizeof(T)));
  } else if constexpr (std::signed_integral<T>) {
    sink.integer(value);
  } else if constexpr (std::unsigned_integral<T>) {
    sink.unsigned_integer(value);
  } else if constexpr (std::is_enum_v<T>) {
    save(sink, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::same_as<T, float> || std::same_as<T, double>) {
    sink.real(static_cast<double>(value));
  } else if constexpr (std::same_as<T, std::complex<float>> ||
                       std::same_as<T, std::complex<double>>) {
    sink.complex(static_cast<double>(value.real()), static_cast<double>(value.imag()));
  } else if constexpr (std::same_as<T, long double> || std::same_as<T, std::complex<long double>>) {
    sink.scalar(view_of_elements<T>(&value, {}, {}));
  } else if constexpr (Path<T>) {
    sink.str(path_to_utf8(value));
  } else if constexpr (Text<T>) {
    if constexpr (std::is_pointer_v<T>) {
      if (value == nullptr) return sink.none();
    }
    const std::string_view text = value;
    check_utf8(text);
    sink.str(text);
  } else if constexpr (ByteString<T>) {
    sink.bytes(std::span(value));
  } else if constexpr (is_specialization<T, ndarray>) {
    sink.array(value.array());
  } else if constexpr (Nullable<T>) {
    value ? save(sink, *value) : sink.none();
  } else if constexpr (is_specialization<T, std::variant>) {
    save_variant(sink, value);
  } else if constexpr (TupleLike<T>) {
    save_tuple(sink, value);
  } else if constexpr (is_duration<T>) {
    save_timedelta(sink, to_microseconds(value));
  } else if constexpr (is_sys_time<T>) {
    save_datetime(sink, to_microseconds(value.time_since_epoch()));
  } else if constexpr (TensorLike<T>) {
    save_tensor(sink, value);
  } else if constexpr (MapLike<T>) {
    save_map(sink, value);
  } else if constexpr (SetLike<T>) {
    save_set(sink, value);
  } else if constexpr (Row<T>) {
    save_row(sink, value);
  } else if constexpr (ListLike<T>) {
    save_list(sink, value);
  } else if constexpr (Described<T>) {
    save_members(sink, value);
  } else {
    static_assert(!std::is_pointer_v<T>,
                  "joblib doesn't pickle raw pointers: give the object, or a smart pointer");
    static_assert(always_false<T>,
                  "joblib doesn't know how to pickle this type: describe it with "
                  "BOOST_DESCRIBE_STRUCT, or specialise joblib::pickler for it");
  }
}

}  // namespace detail
}  // namespace joblib
