#include "exact_conversion.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace joblib::detail {
namespace {

template <class To, class From>
bool holds(From number) {
  if constexpr (std::integral<To>) {
    return std::in_range<To>(number);
  } else {
    return static_cast<long double>(static_cast<To>(number)) == static_cast<long double>(number);
  }
}

template <class To, class From>
bool convert_all(std::span<const From> numbers, std::byte* target) {
  auto* next = reinterpret_cast<To*>(target);
  return std::ranges::all_of(numbers, [&](From number) {
    *next++ = static_cast<To>(number);
    return holds<To>(number);
  });
}

// By way of `Wide`, which holds all values of the array's type of integers.
template <class Wide>
bool convert_by(const Array& from, const dtype& to, Order order, std::byte* target) {
  const std::unique_ptr<Wide[]> wide(new Wide[from.size()]);
  convert(from, dtype::of<Wide>(), order, reinterpret_cast<std::byte*>(wide.get()));
  const std::span<const Wide> numbers(wide.get(), from.size());
  const auto is = [&]<class To>(std::in_place_type_t<To>) { return to == dtype::of<To>(); };
  const auto attempt = [&]<class... To>(std::in_place_type_t<To>... types) {
    return ((is(types) && convert_all<To>(numbers, target)) || ...);
  };
  return attempt(std::in_place_type<std::int8_t>, std::in_place_type<std::int16_t>,
                 std::in_place_type<std::int32_t>, std::in_place_type<std::int64_t>,
                 std::in_place_type<std::uint8_t>, std::in_place_type<std::uint16_t>,
                 std::in_place_type<std::uint32_t>, std::in_place_type<std::uint64_t>,
                 std::in_place_type<float>, std::in_place_type<double>);
}

}  // namespace

bool convert_exactly(const Array& from, const dtype& to, Order order, std::byte* target) {
  const bool rounds = from.type.itemsize() == 8 && to.kind() == dtype::Kind::floating &&
                      to.itemsize() == 8 && from.type.kind() != dtype::Kind::floating;
  if (is_safe_cast(from.type, to) && !rounds) {
    convert(from, to, order, target);
    return true;
  }
  switch (from.type.kind()) {
    case dtype::Kind::signed_integer:
      return convert_by<std::int64_t>(from, to, order, target);
    case dtype::Kind::unsigned_integer:
      return convert_by<std::uint64_t>(from, to, order, target);
    default:
      return false;
  }
}

}  // namespace joblib::detail
