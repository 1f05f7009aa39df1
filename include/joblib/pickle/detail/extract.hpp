#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <boost/mp11/algorithm.hpp>

#include "joblib/numpy/ndarray.hpp"
#include "joblib/pickle/bytes.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "joblib/pickle/detail/kinds.hpp"
#include "joblib/pickle/detail/save.hpp"
#include "joblib/pickle/detail/scalars.hpp"

namespace joblib {

class Object;

namespace detail {

void extract_object(Extraction& extraction, const Value& value, Object& target);

/// The C++ value of a Python value. Throws Mismatch where the type can't hold it without a loss.
template <class T>
T extract(Extraction& extraction, const Value& value);

template <class T>
[[noreturn]] void throw_out_of_range(const Value& value) {
  throw_mismatch("int within the range of its C++ type (" +
                     std::to_string(std::numeric_limits<T>::min()) + " to " +
                     std::to_string(std::numeric_limits<T>::max()) + ")",
                 value);
}

template <Integer T>
T extract_integer(const Value& value) {
  if constexpr (std::signed_integral<T>) {
    const std::optional<std::int64_t> number = to_signed(value);
    if (!number) throw_mismatch("int", value);
    if (!std::in_range<T>(*number)) throw_out_of_range<T>(value);
    return static_cast<T>(*number);
  } else {
    const std::optional<std::uint64_t> number = to_unsigned(value);
    if (!number) {
      if (to_signed(value)) throw_out_of_range<T>(value);
      throw_mismatch("int", value);
    }
    if (!std::in_range<T>(*number)) throw_out_of_range<T>(value);
    return static_cast<T>(*number);
  }
}

template <std::floating_point T>
T extract_real(const Value& value) {
  if constexpr (std::same_as<T, long double>) {
    if (const std::optional<long double> number = to_long_real(value)) return *number;
  } else if (const std::optional<double> number = to_real(value)) {
    const T result = static_cast<T>(*number);
    if (static_cast<double>(result) == *number || std::isnan(*number)) return result;
    throw_mismatch("float that a C++ float holds exactly", value);
  }
  throw_mismatch("float", value);
}

template <class T>
T extract_complex(const Value& value) {
  using Real = typename T::value_type;
  const std::optional<ComplexParts> parts = to_complex(value);
  if (!parts) throw_mismatch("complex", value);
  const T result(static_cast<Real>(parts->real), static_cast<Real>(parts->imaginary));
  const auto same = [](Real kept, long double part) {
    return static_cast<long double>(kept) == part || std::isnan(part);
  };
  if (!same(result.real(), parts->real) || !same(result.imag(), parts->imaginary))
    throw_mismatch("complex that the C++ type holds exactly", value);
  return result;
}

template <Character T>
T extract_character(const Value& value) {
  const std::optional<char32_t> character = to_character(value);
  constexpr char32_t limit = sizeof(T) == 1 ? 0x80 : sizeof(T) == 2 ? 0x10000 : 0x110000;
  if (!character || *character >= limit) throw_mismatch("str of one character", value);
  return static_cast<T>(*character);
}

template <class Duration>
Duration exact_duration(std::int64_t microseconds, const Value& value) {
  using Exact = std::chrono::duration<long double, typename Duration::period>;
  const long double exact =
      Exact(std::chrono::duration<long double, std::micro>(microseconds)).count();
  using Rep = typename Duration::rep;
  const bool fits = exact >= static_cast<long double>(std::numeric_limits<Rep>::lowest()) &&
                    exact <= static_cast<long double>(std::numeric_limits<Rep>::max());
  if (!fits || static_cast<long double>(static_cast<Rep>(exact)) != exact)
    throw_mismatch("a time that the C++ type holds exactly", value);
  return Duration(static_cast<Rep>(exact));
}

/// Calls `make(i)` for all items; a mismatch gets the place of the item.
template <class Make>
void for_each_item(std::size_t count, Make make) {
  std::size_t i = 0;
  inside([&] { return step(i); },
         [&] {
           for (; i < count; ++i) make(i);
         });
}

template <class T>
T extract_items(Extraction& extraction, std::span<const Value> items) {
  using Item = std::ranges::range_value_t<T>;
  const Nesting nesting(extraction);
  extraction.spend(items.size());
  T result;
  if constexpr (requires { result.reserve(items.size()); }) result.reserve(items.size());
  for_each_item(items.size(), [&](std::size_t i) {
    if constexpr (requires { result.push_back(extract<Item>(extraction, items[i])); }) {
      result.push_back(extract<Item>(extraction, items[i]));
    } else {
      result.insert(result.end(), extract<Item>(extraction, items[i]));
    }
  });
  return result;
}

/// Rows of numbers: from an array of one dimension, or from a list of numbers.
template <Row T>
T extract_row(Extraction& extraction, const Value& value) {
  using Element = std::ranges::range_value_t<T>;
  if (const ArrayNode* const node = array_of(value)) {
    if (node->array.ndim() != 1) throw_mismatch("array of one dimension", value);
    const std::size_t size = node->array.size();
    extraction.spend(size);
    if constexpr (std::ranges::contiguous_range<T>) {
      T result;
      if constexpr (requires { result.reserve(size); }) {
        result.reserve(size);
        ask_for_huge_pages(result.data(), size * sizeof(Element));
      }
      result.resize(size);
      copy_elements(extraction, *node, dtype::of<Element>(), Order::C,
                    reinterpret_cast<std::byte*>(result.data()));
      return result;
    } else {
      const std::unique_ptr<bool[]> elements(new bool[size]);
      copy_elements(extraction, *node, dtype::of<bool>(), Order::C,
                    reinterpret_cast<std::byte*>(elements.get()));
      return T(elements.get(), elements.get() + size);
    }
  }
  const auto items = items_of_list(extraction, value);
  if (!items) throw_mismatch("list or array of numbers", value);
  return extract_items<T>(extraction, *items);
}

template <TensorLike T>
T extract_tensor(Extraction& extraction, const Value& value) {
  using Element = typename T::value_type;
  const ArrayNode* const node = array_of(value);
  if (node == nullptr) throw_mismatch("numpy.ndarray", value);
  typename T::shape_type shape{};
  if constexpr (requires { shape.resize(std::size_t{}); }) {
    shape.resize(node->array.ndim());
  } else if (std::size(shape) != node->array.ndim()) {
    throw_mismatch("array of " + std::to_string(std::size(shape)) + " dimensions", value);
  }
  std::ranges::transform(node->array.shape, shape.begin(), [](std::size_t extent) {
    return static_cast<std::ranges::range_value_t<typename T::shape_type>>(extent);
  });
  extraction.spend(node->array.size());
  T result(std::move(shape));
  const bool column_major = result.size() > 1 && result.strides().front() < result.strides().back();
  copy_elements(extraction, *node, dtype::of<Element>(), column_major ? Order::F : Order::C,
                reinterpret_cast<std::byte*>(result.data()));
  return result;
}

template <class Element>
ndarray<Element> extract_ndarray(Extraction& extraction, const Value& value) {
  const ArrayNode* const node = array_of(value);
  if (node == nullptr) throw_mismatch("numpy.ndarray", value);
  extraction.spend(node->array.size());
  return ndarray<Element>(converted(extraction, *node, dtype::of<std::remove_const_t<Element>>(),
                                    std::is_const_v<Element>));
}

template <MapLike T>
T extract_map(Extraction& extraction, const Value& value) {
  using Key = typename T::key_type;
  using Mapped = typename T::mapped_type;
  const auto entries = entries_of(value);
  if (!entries) throw_mismatch("dict", value);
  const Nesting nesting(extraction);
  extraction.spend(entries->size());
  T result;
  const Entry* entry = entries->data();
  const auto insert_all = [&] {
    for (; entry != entries->data() + entries->size(); ++entry) {
      Key key = extract<Key>(extraction, entry->key);
      if constexpr (requires(Mapped mapped) { result.insert_or_assign(key, std::move(mapped)); }) {
        result.insert_or_assign(result.end(), std::move(key),
                                extract<Mapped>(extraction, entry->value));
      } else {
        result.emplace(std::move(key), extract<Mapped>(extraction, entry->value));
      }
    }
  };
  inside([&] { return step(entry->key); }, insert_all);
  return result;
}

template <Described T>
T extract_members(Extraction& extraction, const Value& value) {
  const auto entries = members_of(value);
  if (!entries) throw_mismatch("dict, or an instance with attributes", value);
  const Nesting nesting(extraction);
  T result{};
  std::size_t next = 0;  // entries mostly come in the order of the members
  boost::mp11::mp_for_each<DescribedMembers<T>>([&](auto member) {
    const std::string_view name = member.name;
    const Value* found = nullptr;
    if (next < entries->size() && (*entries)[next].key.tag() == Tag::str &&
        (*entries)[next].key.text() == name) {
      found = &(*entries)[next++].value;
    } else {
      found = find(*entries, name);
    }
    if (found == nullptr) throw_missing(name);
    auto& place = result.*member.pointer;
    inside([&] { return step(name); },
           [&] { place = extract<std::remove_cvref_t<decltype(place)>>(extraction, *found); });
  });
  return result;
}

template <class T>
T extract_tuple(Extraction& extraction, const Value& value) {
  constexpr std::size_t size = std::tuple_size_v<T>;
  const auto items = items_of_list(extraction, value);
  if (!items) throw_mismatch("tuple", value);
  if (items->size() != size) throw_size("tuple", size, items->size());
  const Nesting nesting(extraction);
  const auto item = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    return inside([] { return step(I); },
                  [&] { return extract<std::tuple_element_t<I, T>>(extraction, (*items)[I]); });
  };
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return T{item(std::integral_constant<std::size_t, I>())...};
  }(std::make_index_sequence<size>());
}

/// Whether the value is of the very Python type that `T` is written as.
template <class T>
bool is_exactly(const Value& value) {
  const Tag tag = value.tag();
  if constexpr (OwnPickler<T>) {
    return is_exactly<PicklerState<T>>(value);
  } else if constexpr (std::same_as<T, std::monostate> || std::is_null_pointer_v<T>) {
    return tag == Tag::none;
  } else if constexpr (std::same_as<T, bool>) {
    return tag == Tag::boolean;
  } else if constexpr (Integer<T> || std::is_enum_v<T>) {
    return tag == Tag::integer || tag == Tag::big_integer;
  } else if constexpr (std::same_as<T, float> || std::same_as<T, double>) {
    return tag == Tag::real;
  } else if constexpr (is_complex<T>) {
    return tag == Tag::complex;
  } else if constexpr (Text<T> || Path<T> || Character<T>) {
    return tag == Tag::str;
  } else if constexpr (ByteString<T>) {
    return tag == Tag::bytes;
  } else if constexpr (Row<T> || TensorLike<T> || is_specialization<T, ndarray>) {
    using Element = std::remove_const_t<typename T::value_type>;
    const ArrayNode* const node = array_of(value);
    return node != nullptr && !node->scalar && node->array.type == dtype::of<Element>();
  } else if constexpr (TupleLike<T>) {
    return tag == Tag::tuple && value.sequence().size == std::tuple_size_v<T>;
  } else if constexpr (MapLike<T> || Described<T>) {
    return tag == Tag::dict;
  } else if constexpr (SetLike<T>) {
    return tag == Tag::set;
  } else if constexpr (ListLike<T>) {
    return tag == Tag::list;
  } else if constexpr (Nullable<T>) {
    return tag == Tag::none || is_exactly<std::remove_cvref_t<decltype(*std::declval<T>())>>(value);
  } else {
    return false;
  }
}

/// Whether a value may fit `T` by its kind: trying what can't fit costs an exception.
template <class T>
bool may_fit(const Value& value) {
  const Tag tag = value.tag();
  const bool is_number = tag >= Tag::boolean && tag <= Tag::complex;
  const bool is_element = tag == Tag::array && value.array().array.ndim() == 0;
  if constexpr (OwnPickler<T>) {
    return may_fit<PicklerState<T>>(value);
  } else if constexpr (std::same_as<T, std::monostate> || std::is_null_pointer_v<T>) {
    return tag == Tag::none;
  } else if constexpr (Text<T> || Path<T> || Character<T>) {
    return tag == Tag::str || tag == Tag::bytes;
  } else if constexpr (ByteString<T>) {
    return tag == Tag::bytes || tag == Tag::bytearray;
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || is_complex<T>) {
    return is_number || is_element || (std::is_enum_v<T> && tag == Tag::str);
  } else if constexpr (MapLike<T> || Described<T>) {
    return tag == Tag::dict || tag == Tag::instance;
  } else if constexpr (SetLike<T>) {
    return tag == Tag::set || tag == Tag::frozenset;
  } else if constexpr (TupleLike<T> || Row<T> || ListLike<T>) {
    return tag == Tag::list || tag == Tag::tuple || tag == Tag::instance ||
           (tag == Tag::array && !is_element);
  } else {
    return true;
  }
}

/// The alternative of the value's exact type, else the first one that loses nothing.
template <class Variant>
Variant extract_variant(Extraction& extraction, const Value& value) {
  std::optional<Variant> result;
  const auto attempt = [&]<class T>(std::type_identity<T>) {
    try {
      result.emplace(std::in_place_type<T>, extract<T>(extraction, value));
    } catch (const Mismatch&) {  // what the attempt has spent stays spent
    }
  };
  const auto for_each_alternative = [&](auto action) {
    [&]<class... T>(std::type_identity<std::variant<T...>>) {
      (void)((action(std::type_identity<T>()), result.has_value()) || ...);
    }(std::type_identity<Variant>());
  };
  for_each_alternative([&]<class T>(std::type_identity<T> type) {
    if (is_exactly<T>(value)) attempt(type);
  });
  if (!result) {
    for_each_alternative([&]<class T>(std::type_identity<T> type) {
      if (may_fit<T>(value) && !is_exactly<T>(value)) attempt(type);
    });
  }
  if (!result) throw_mismatch("a value for one of the alternatives of a std::variant", value);
  return *std::move(result);
}

template <class T>
T extract(Extraction& extraction, const Value& value) {
  if constexpr (OwnPickler<T>) {
    return pickler<T>::from_state(extract<PicklerState<T>>(extraction, value));
  } else if constexpr (std::same_as<T, Object>) {
    T object;
    extract_object(extraction, value, object);
    return object;
  } else if constexpr (std::same_as<T, std::monostate> || std::is_null_pointer_v<T>) {
    if (!value.is_none()) throw_mismatch("None", value);
    return T{};
  } else if constexpr (std::same_as<T, bool>) {
    const std::optional<bool> result = to_bool(value);
    if (!result) throw_mismatch("bool", value);
    return *result;
  } else if constexpr (Character<T>) {
    return extract_character<T>(value);
  } else if constexpr (Integer<T>) {
    return extract_integer<T>(value);
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(extract<std::underlying_type_t<T>>(extraction, value));
  } else if constexpr (std::floating_point<T>) {
    return extract_real<T>(value);
  } else if constexpr (is_complex<T>) {
    return extract_complex<T>(value);
  } else if constexpr (Path<T>) {
    const auto text = to_text(value);
    if (!text) throw_mismatch("str", value);
    return path_from_utf8(*text);
  } else if constexpr (std::same_as<T, std::string>) {
    const auto text = to_text(value);
    if (!text) throw_mismatch("str", value);
    return std::string(*text);
  } else if constexpr (ByteString<T>) {
    const auto data = to_bytes(value);
    if (!data) throw_mismatch("bytes", value);
    return T(data->begin(), data->end());
  } else if constexpr (is_specialization<T, ndarray>) {
    return extract_ndarray<typename T::element_type>(extraction, value);
  } else if constexpr (is_specialization<T, std::optional>) {
    if (value.is_none()) return std::nullopt;
    return extract<typename T::value_type>(extraction, value);
  } else if constexpr (is_specialization<T, std::unique_ptr> ||
                       is_specialization<T, std::shared_ptr>) {
    if (value.is_none()) return nullptr;
    using Element = typename T::element_type;
    return std::make_unique<Element>(extract<std::remove_cv_t<Element>>(extraction, value));
  } else if constexpr (is_specialization<T, std::variant>) {
    return extract_variant<T>(extraction, value);
  } else if constexpr (TupleLike<T>) {
    return extract_tuple<T>(extraction, value);
  } else if constexpr (is_duration<T>) {
    const auto microseconds = to_duration(value);
    if (!microseconds) throw_mismatch("timedelta", value);
    return exact_duration<T>(*microseconds, value);
  } else if constexpr (is_sys_time<T>) {
    const auto microseconds = to_time_point(value);
    if (!microseconds) throw_mismatch("datetime", value);
    return T(exact_duration<typename T::duration>(*microseconds, value));
  } else if constexpr (TensorLike<T>) {
    return extract_tensor<T>(extraction, value);
  } else if constexpr (MapLike<T>) {
    return extract_map<T>(extraction, value);
  } else if constexpr (SetLike<T>) {
    const auto items = items_of_set(value);
    if (!items) throw_mismatch("set", value);
    return extract_items<T>(extraction, *items);
  } else if constexpr (Row<T>) {
    return extract_row<T>(extraction, value);
  } else if constexpr (ListLike<T>) {
    const auto items = items_of_list(extraction, value);
    if (!items) throw_mismatch("list", value);
    return extract_items<T>(extraction, *items);
  } else if constexpr (Described<T>) {
    return extract_members<T>(extraction, value);
  } else {
    static_assert(always_false<T>,
                  "joblib can't load into this type: describe it with BOOST_DESCRIBE_STRUCT, or "
                  "specialise joblib::pickler for it");
  }
}

}  // namespace detail
}  // namespace joblib
