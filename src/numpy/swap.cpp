#include "swap.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "joblib/numpy/array.hpp"

namespace joblib::detail {

namespace {

std::uint16_t swapped(std::uint16_t value) { return __builtin_bswap16(value); }
std::uint32_t swapped(std::uint32_t value) { return __builtin_bswap32(value); }
std::uint64_t swapped(std::uint64_t value) { return __builtin_bswap64(value); }

template <class Unit>
void swap_units_of(std::byte* first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Unit unit;
    std::memcpy(&unit, first + i * sizeof(Unit), sizeof(Unit));
    unit = swapped(unit);
    std::memcpy(first + i * sizeof(Unit), &unit, sizeof(Unit));
  }
}

bool foreign_fields_overlap(const dtype& type) {
  if (type.is_native()) return false;
  if (const auto* sub = type.sub_array()) return foreign_fields_overlap(sub->element);
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (const auto& field : type.fields()) {
    if (foreign_fields_overlap(field.type)) return true;
    places.emplace_back(field.offset, field.offset + field.type.itemsize());
  }
  std::ranges::sort(places);
  const auto overlap = [](const auto& a, const auto& b) { return b.first < a.second; };
  return std::ranges::adjacent_find(places, overlap) != places.end();
}

// Swaps the foreign parts of `count` elements in a row.
void swap_parts(const dtype& type, std::byte* first, std::size_t count) {
  const std::size_t itemsize = type.itemsize();
  if (type.is_native() || itemsize == 0) return;
  if (const auto* sub = type.sub_array()) {
    const std::size_t part = sub->element.itemsize();
    return swap_parts(sub->element, first, part == 0 ? 0 : count * (itemsize / part));
  }
  if (type.kind() != dtype::Kind::raw) {
    const std::size_t unit = swap_unit(type);
    return swap_units(first, unit, count * itemsize / unit);
  }
  for (const auto& field : type.fields()) {
    if (field.type.is_native()) continue;
    for (std::size_t i = 0; i < count; ++i) {
      swap_parts(field.type, first + i * itemsize + field.offset, 1);
    }
  }
}

}  // namespace

std::size_t swap_unit(const dtype& type) noexcept {
  switch (type.kind()) {
    case dtype::Kind::complex:
      return type.itemsize() / 2;
    case dtype::Kind::str:
      return 4;
    default:
      return type.itemsize();
  }
}

void swap_units(std::byte* first, std::size_t unit, std::size_t count) {
  switch (unit) {
    case 2:
      return swap_units_of<std::uint16_t>(first, count);
    case 4:
      return swap_units_of<std::uint32_t>(first, count);
    case 8:
      return swap_units_of<std::uint64_t>(first, count);
    default:
      for (std::size_t i = 0; i < count; ++i) {
        std::reverse(first + i * unit, first + (i + 1) * unit);
      }
  }
}

Array to_native(const Array& array) {
  if (array.type.is_native() || foreign_fields_overlap(array.type)) return array;
  const bool only_f = array.is_contiguous(Order::F) && !array.is_contiguous(Order::C);
  Array result = copy(array, only_f ? Order::F : Order::C);
  if (result.nbytes() > 0) swap_parts(array.type, result.data.get(), result.size());
  result.type = array.type.native();
  return result;
}

}  // namespace joblib::detail
