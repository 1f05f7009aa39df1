#include <algorithm>
#include <bit>
#include <complex>
#include <cstring>
#include <type_traits>

#include "dtype_data.hpp"
#include "joblib/core/error.hpp"
#include "joblib/numpy/array.hpp"
#include "runs.hpp"
#include "swap.hpp"

namespace joblib::detail {

namespace {

using Kind = dtype::Kind;

// A number of IEEE 754 binary16; C++20 has no type for it.
struct Half {
  std::uint16_t bits;
};

float value_of(Half half) {
  const std::uint32_t magnitude = half.bits & 0x7fffU;
  const std::uint32_t sign = (half.bits & 0x8000U) << 16;
  const bool finite = magnitude < 0x7c00U;
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112F;
  const std::uint32_t bits =
      finite ? std::bit_cast<std::uint32_t>(scaled) : magnitude << 13 | 0x7f800000U;
  return std::bit_cast<float>(bits | sign);
}

template <class T>
T value_of(T value) {
  return value;
}

// A byte of any value is read for a bool.
template <class T>
auto load(const std::byte* from) {
  std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T> value;
  std::memcpy(&value, from, sizeof(value));
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else {
    return value_of(value);
  }
}

template <class To, class From>
To cast(From value) {
  if constexpr (is_complex<From>) {
    using Part = typename To::value_type;
    return {static_cast<Part>(value.real()), static_cast<Part>(value.imag())};
  } else if constexpr (is_complex<To>) {
    return {static_cast<typename To::value_type>(value)};
  } else {
    return static_cast<To>(value);
  }
}

using Convert = void (*)(const std::byte* from, std::ptrdiff_t stride, std::size_t count,
                         std::byte* to);

template <class From, class To>
void convert_run(const std::byte* from, std::ptrdiff_t stride, std::size_t count, std::byte* to) {
  if constexpr (std::is_same_v<From, To> && !std::is_same_v<From, bool>) {
    copy_run(from, stride, count, sizeof(To), to);
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const To value = cast<To>(load<From>(from + static_cast<std::ptrdiff_t>(i) * stride));
      std::memcpy(to + i * sizeof(To), &value, sizeof(To));
    }
  }
}

struct Number {
  Kind kind;
  std::size_t size;
  friend bool operator==(const Number&, const Number&) = default;
};

template <class T>
constexpr Number number_of = {is_complex<T>               ? Kind::complex
                              : std::is_same_v<T, bool>   ? Kind::boolean
                              : std::floating_point<T>    ? Kind::floating
                              : std::signed_integral<T>   ? Kind::signed_integer
                              : std::unsigned_integral<T> ? Kind::unsigned_integer
                                                          : Kind::floating,
                              sizeof(T)};

constexpr bool is_safe(Number from, Number to) {
  // The size of the floating point number that `to` has room for.
  const std::size_t real = to.kind == Kind::floating  ? to.size
                           : to.kind == Kind::complex ? to.size / 2
                                                      : 0;
  switch (from.kind) {
    case Kind::boolean:
      return true;
    case Kind::signed_integer:
      return to.kind == Kind::signed_integer ? to.size >= from.size
                                             : real >= std::min<std::size_t>(2 * from.size, 8);
    case Kind::unsigned_integer:
      return to.kind == Kind::unsigned_integer ? to.size >= from.size
             : to.kind == Kind::signed_integer ? to.size > from.size
                                               : real >= std::min<std::size_t>(2 * from.size, 8);
    case Kind::floating:
      return real >= from.size;
    default:
      return to.kind == Kind::complex && to.size >= from.size;
  }
}

template <class... Ts>
struct Types {};

using Targets = Types<bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                      std::uint16_t, std::uint32_t, std::uint64_t, float, double, long double,
                      std::complex<float>, std::complex<double>, std::complex<long double>>;

template <class From, class To>
void choose(Number to, Convert& result) {
  if constexpr (is_safe(number_of<From>, number_of<To>)) {
    if (to == number_of<To>) result = convert_run<From, To>;
  }
}

template <class From, class... To>
void choose_from(Number from, Number to, Types<To...>, Convert& result) {
  if (from == number_of<From>) (choose<From, To>(to, result), ...);
}

template <class... From>
Convert find_convert(Number from, Number to, Types<From...> types) {
  Convert result = nullptr;
  choose_from<Half>(from, to, types, result);
  (choose_from<From>(from, to, types, result), ...);
  return result;
}

}  // namespace

bool is_safe_cast(const dtype& from, const dtype& to) {
  if (!is_number(from.kind()) || !is_number(to.kind())) return from == to;
  return is_safe({from.kind(), from.itemsize()}, {to.kind(), to.itemsize()});
}

void convert(const Array& from, const dtype& to, Order order, std::byte* target) {
  const std::size_t itemsize = from.type.itemsize();
  const Convert convert_elements =
      find_convert({from.type.kind(), itemsize}, {to.kind(), to.itemsize()}, Targets());
  if (!convert_elements || !to.is_native()) {
    throw Error(errc::invalid_argument, "An array of " + from.type.name() +
                                            " can't become one of " + to.name() +
                                            " without a loss: read it as what it is.");
  }
  const std::size_t unit = swap_unit(from.type);
  constexpr std::size_t room = 2048;
  std::vector<std::byte> native(from.type.is_native() ? 0 : room * itemsize);
  for_each_run(from, order, [&](const std::byte* first, std::ptrdiff_t stride, std::size_t count) {
    if (from.type.is_native()) {
      convert_elements(first, stride, count, target);
      target += count * to.itemsize();
      return;
    }
    while (count > 0) {
      const std::size_t part = std::min(count, room);
      copy_run(first, stride, part, itemsize, native.data());
      swap_units(native.data(), unit, part * itemsize / unit);
      convert_elements(native.data(), static_cast<std::ptrdiff_t>(itemsize), part, target);
      target += part * to.itemsize();
      first += stride * static_cast<std::ptrdiff_t>(part);
      count -= part;
    }
  });
}

}  // namespace joblib::detail
