// Python's < between values that can be keys, and its sorted().

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>

#include "compare.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "joblib/pickle/detail/keys.hpp"
#include "text.hpp"

namespace joblib::detail {
namespace {

using Bytes = std::span<const std::byte>;

[[noreturn]] void fail_too_deep() {
  throw Error(errc::invalid_argument,
              "the value is nested deeper than " + std::to_string(most_nested) + " levels");
}

}  // namespace

Value plain_key(const Value& key, Document& document, int depth) {
  if (depth > most_nested) fail_too_deep();
  if (key.tag() == Tag::tuple || key.tag() == Tag::frozenset) {
    std::vector<Value> items;
    for (const Value& item : key.sequence().span())
      items.push_back(plain_key(item, document, depth + 1));
    auto* const node = document.make<Sequence>();
    document.append(*node, items);
    return Value::sequence(key.tag(), node);
  }
  if (key.tag() != Tag::array || !key.array().scalar) return key;
  const Array& element = key.array().array;
  if (element.type.kind() == dtype::Kind::str) {
    const Array native = to_native(element);
    return document.text(Tag::str, utf8_of_characters({native.data.get(), native.type.itemsize()}));
  }
  if (element.type.kind() == dtype::Kind::bytes) {
    const auto* const characters = reinterpret_cast<const char*>(element.data.get());
    return document.text(Tag::bytes, {characters, element.type.itemsize()});
  }
  if (const auto truth = to_bool(key)) return Value::boolean(*truth);
  if (const auto integer = to_signed(key)) return Value::integer(*integer);
  if (const auto large = to_unsigned(key)) {
    const std::array digits{*large, std::uint64_t{0}};
    return document.integer(std::as_bytes(std::span(digits)));
  }
  if (const auto real = to_real(key)) return Value::real(*real);
  return key;
}

namespace {

// A long double holds all integers of 64 bits and all floats.
std::optional<long double> number_of(const Value& value) {
  switch (value.tag()) {
    case Tag::boolean:
    case Tag::integer:
      return static_cast<long double>(value.integer());
    case Tag::real:
      return value.real();
    default:
      return {};
  }
}

// Two's complement, little endian, of the fewest bytes.
bool less_integer(Bytes left, Bytes right) {
  const bool negative = is_negative(left);
  if (negative != is_negative(right)) return negative;
  if (left.size() != right.size()) return (left.size() < right.size()) != negative;
  return std::ranges::lexicographical_compare(left.rbegin(), left.rend(), right.rbegin(),
                                              right.rend());
}

// Less, equal or greater, as a negative number, 0 or a positive one, than a big integer; both are
// whole numbers, and `number` is not a NaN.
int compare_with_integer(long double number, Bytes integer) {
  const int sign = is_negative(integer) ? -1 : 1;
  if (std::fabs(number) < 0x1p63L) return -sign;
  if (std::isinf(number) || (number < 0) != (sign < 0)) return number < 0 ? -1 : 1;
  int exponent = 0;
  const long double mantissa = std::frexp(std::fabs(number), &exponent);
  const auto digits = static_cast<std::uint64_t>(std::ldexp(mantissa, 64));
  std::vector<std::byte> bytes(static_cast<std::size_t>(exponent) / 8 + 2);
  for (int bit = 0; bit < 64; ++bit) {
    const int position = exponent - 64 + bit;
    if (position >= 0 && (digits >> bit & 1) != 0)
      bytes[static_cast<std::size_t>(position) / 8] |= std::byte{1} << position % 8;
  }
  if (number < 0) negate(bytes);
  Bytes whole = bytes;
  while (whole.size() > 1 && whole.back() == (number < 0 ? std::byte{0xff} : std::byte{0}) &&
         is_negative(whole.first(whole.size() - 1)) == (number < 0))
    whole = whole.first(whole.size() - 1);
  if (less_integer(whole, integer)) return -1;
  return less_integer(integer, whole) ? 1 : 0;
}

class KeyOrder {
 public:
  // Python would raise a TypeError somewhere.
  bool failed() const noexcept { return failed_; }

  bool less(const Value& left, const Value& right) {
    const auto a = number_of(left);
    const auto b = number_of(right);
    if (a && b) return *a < *b;
    const bool left_is_big = left.tag() == Tag::big_integer;
    const bool right_is_big = right.tag() == Tag::big_integer;
    if (left_is_big && right_is_big) return less_integer(left.bytes(), right.bytes());
    if (a && right_is_big) return !std::isnan(*a) && compare_with_integer(*a, right.bytes()) < 0;
    if (left_is_big && b) return !std::isnan(*b) && compare_with_integer(*b, left.bytes()) > 0;
    if (left.tag() != right.tag()) return fail();
    switch (left.tag()) {
      case Tag::str:
      case Tag::bytes:
        return left.text() < right.text();
      case Tag::tuple:
        return less_tuple(left.sequence().span(), right.sequence().span());
      case Tag::frozenset:
        return is_proper_subset(left.sequence().span(), right.sequence().span());
      case Tag::instance:
        return less_instance(left, right);
      default:
        return fail();
    }
  }

 private:
  bool fail() {
    failed_ = true;
    return false;
  }

  bool less_tuple(std::span<const Value> left, std::span<const Value> right) {
    if (++depth_ > most_nested) fail_too_deep();
    const auto [a, b] = std::ranges::mismatch(left, right, equal);
    const bool result =
        a == left.end() || b == right.end() ? left.size() < right.size() : less(*a, *b);
    --depth_;
    return result;
  }

  static bool is_proper_subset(std::span<const Value> left, std::span<const Value> right) {
    return left.size() < right.size() && std::ranges::all_of(left, [&](const Value& item) {
             return std::ranges::any_of(right,
                                        [&](const Value& other) { return equal(item, other); });
           });
  }

  // Dates and times without a time zone, and differences.
  bool less_instance(const Value& left, const Value& right) {
    static constexpr std::array names{"datetime", "date", "time", "timedelta"};
    for (const std::string_view name : names) {
      if (!is_class(left, "datetime", name) || !is_class(right, "datetime", name)) continue;
      const std::span<const Value> a = left.instance().arguments.sequence().span();
      const std::span<const Value> b = right.instance().arguments.sequence().span();
      if (name == "timedelta") return less_tuple(a, b);
      if (a.size() != 1 || b.size() != 1 || a[0].tag() != Tag::bytes || b[0].tag() != Tag::bytes)
        break;
      if (name == "date") return a[0].text() < b[0].text();
      return fields_without_fold(left) < fields_without_fold(right);
    }
    return fail();
  }

  bool failed_ = false;
  int depth_ = 0;
};

using Positions = std::vector<std::size_t>;

// The order that Python's sort leaves also where < is no total order: up to 63 items are inserted
// one after the other, behind a run that is in order already.
template <class Less>
void insertion_sort(std::span<std::size_t> positions, Less less) {
  if (positions.size() < 2) return;
  std::size_t run = 2;
  if (less(positions[1], positions[0])) {
    while (run < positions.size() && less(positions[run], positions[run - 1])) ++run;
    std::ranges::reverse(positions.first(run));
  } else {
    while (run < positions.size() && !less(positions[run], positions[run - 1])) ++run;
  }
  for (; run < positions.size(); ++run) {
    std::size_t low = 0;
    for (std::size_t high = run; low < high;) {
      const std::size_t middle = low + (high - low) / 2;
      if (less(positions[run], positions[middle])) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    std::rotate(positions.begin() + static_cast<std::ptrdiff_t>(low),
                positions.begin() + static_cast<std::ptrdiff_t>(run),
                positions.begin() + static_cast<std::ptrdiff_t>(run) + 1);
  }
}

// Of more items, sorted parts are merged; `less` need not be an order.
template <class Less>
void merge_sort(std::span<std::size_t> positions, Less less) {
  constexpr std::size_t most_inserted = 63;
  if (positions.size() <= most_inserted) return insertion_sort(positions, less);
  const std::size_t half = positions.size() / 2;
  merge_sort(positions.first(half), less);
  merge_sort(positions.subspan(half), less);
  const Positions left(positions.begin(), positions.begin() + static_cast<std::ptrdiff_t>(half));
  std::size_t next_left = 0, next_right = half;
  for (std::size_t next = 0; next_left < left.size(); ++next) {
    const bool take_right =
        next_right < positions.size() && less(positions[next_right], left[next_left]);
    positions[next] = take_right ? positions[next_right++] : left[next_left++];
  }
}

// Nothing where Python raises a TypeError.
std::optional<Positions> sorted_positions(std::span<const Value> keys) {
  Positions positions(keys.size());
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  const auto are_all = [&](Tag tag) {
    return std::ranges::all_of(keys, [&](const Value& key) { return key.tag() == tag; });
  };
  const auto sort_by = [&](auto projection) {
    if (!std::ranges::is_sorted(positions, {}, projection))
      std::ranges::stable_sort(positions, {}, projection);
  };
  if (are_all(Tag::str) || are_all(Tag::bytes)) {
    sort_by([&](std::size_t i) { return keys[i].text(); });
    return positions;
  }
  if (are_all(Tag::integer)) {
    sort_by([&](std::size_t i) { return keys[i].integer(); });
    return positions;
  }
  KeyOrder order;
  merge_sort(std::span(positions), [&](std::size_t left, std::size_t right) {
    return order.less(keys[left], keys[right]);
  });
  if (order.failed()) return {};
  return positions;
}

std::optional<std::vector<EqualKeys>> sorted_plain_keys(std::span<const Value> keys) {
  const std::optional<Positions> positions = sorted_positions(keys);
  if (!positions) return {};
  std::vector<EqualKeys> sorted;
  sorted.reserve(keys.size());
  for (const std::size_t i : *positions) {
    if (!sorted.empty() && equal(keys[sorted.back().first], keys[i])) {
      sorted.back().last = i;
    } else {
      sorted.push_back({i, i});
    }
  }
  return sorted;
}

}  // namespace

std::optional<std::vector<EqualKeys>> sorted_keys(std::span<const Value> keys) {
  const auto is_plain = [](const Value& key) {
    return key.tag() != Tag::array && key.tag() != Tag::tuple && key.tag() != Tag::frozenset;
  };
  if (std::ranges::all_of(keys, is_plain)) return sorted_plain_keys(keys);
  Document document;
  std::vector<Value> plain;
  for (const Value& key : keys) plain.push_back(plain_key(key, document));
  return sorted_plain_keys(plain);
}

}  // namespace joblib::detail
