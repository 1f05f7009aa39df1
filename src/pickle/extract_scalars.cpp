// Python's scalars, and numpy's, as C++ has them.

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "joblib/core/detail/utf8.hpp"
#include "joblib/pickle/detail/extraction.hpp"

namespace joblib::detail {
namespace {

__extension__ using Wide = __int128;

std::optional<std::int64_t> in_64_bits(Wide number) {
  using limits = std::numeric_limits<std::int64_t>;
  if (number > limits::max() || number < limits::min()) return {};
  return static_cast<std::int64_t>(number);
}

// A numpy scalar, or an array without axes, converted to one C++ number; empty where it is none or
// where numpy calls the conversion unsafe.
template <class Number>
std::optional<Number> numpy_scalar(const Value& value) {
  const ArrayNode* const node = array_of(value);
  if (node == nullptr || node->array.ndim() != 0 || node->in_file ||
      !is_safe_cast(node->array.type, dtype::of<Number>()))
    return {};
  Number number{};
  convert(node->array, dtype::of<Number>(), Order::C, reinterpret_cast<std::byte*>(&number));
  return number;
}

std::optional<std::uint64_t> big_unsigned(const Value& value) {
  const std::span<const std::byte> bytes = value.bytes();
  if (bytes.size() != 9 || bytes[8] != std::byte{0}) return {};
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

template <class Real, class Integer>
std::optional<Real> exact_real(Integer number) {
  const auto real = static_cast<Real>(number);
  const Real limit = std::ldexp(Real{1}, std::numeric_limits<Integer>::digits);
  if (real >= limit || static_cast<Integer>(real) != number) return {};
  return real;
}

// A datetime.timezone: its offset in microseconds.
std::optional<std::int64_t> offset_of_timezone(const Value& value) {
  if (value.tag() == Tag::instance && is_class(value, "datetime", "timezone") &&
      value.instance().arguments.sequence().size > 0)
    return to_duration(value.instance().arguments.sequence().items[0]);
  return {};
}

// datetime64 and timedelta64 in microseconds, where they are a whole number of them.
std::optional<std::int64_t> numpy_microseconds(const Value& value, dtype::Kind kind) {
  const ArrayNode* const node = array_of(value);
  if (node == nullptr || node->array.ndim() != 0 || node->in_file ||
      node->array.type.kind() != kind)
    return {};
  const Array element = to_native(node->array);
  std::int64_t count = 0;
  std::memcpy(&count, element.data.get(), sizeof(count));
  if (count == std::numeric_limits<std::int64_t>::min()) return {};  // NaT
  struct Unit {
    std::string_view name;
    std::int64_t multiplier, divisor;
  };
  static constexpr Unit units[] = {
      {"W", 604'800'000'000, 1},
      {"D", 86'400'000'000, 1},
      {"h", 3'600'000'000, 1},
      {"m", 60'000'000, 1},
      {"s", 1'000'000, 1},
      {"ms", 1'000, 1},
      {"us", 1, 1},
      {"ns", 1, 1'000},
      {"ps", 1, 1'000'000},
  };
  const dtype::TimeUnit& unit = node->array.type.time_unit();
  for (const Unit& known : units) {
    if (known.name != unit.name) continue;
    const Wide exact = static_cast<Wide>(count) * unit.count * known.multiplier;
    if (exact % known.divisor != 0) return {};
    return in_64_bits(exact / known.divisor);
  }
  return {};  // months and years have no fixed length
}

}  // namespace

std::optional<bool> to_bool(const Value& value) {
  if (value.tag() == Tag::boolean) return value.boolean();
  return numpy_scalar<bool>(value);
}

std::optional<std::int64_t> to_signed(const Value& value) {
  if (value.tag() == Tag::integer || value.tag() == Tag::boolean) return value.integer();
  if (const auto number = numpy_scalar<std::int64_t>(value)) return number;
  const auto number = numpy_scalar<std::uint64_t>(value);
  if (!number || *number > std::numeric_limits<std::int64_t>::max()) return {};
  return static_cast<std::int64_t>(*number);
}

std::optional<std::uint64_t> to_unsigned(const Value& value) {
  if (value.tag() == Tag::big_integer) return big_unsigned(value);
  if (const auto number = numpy_scalar<std::uint64_t>(value)) return number;
  const auto number = to_signed(value);
  if (!number || *number < 0) return {};
  return static_cast<std::uint64_t>(*number);
}

std::optional<double> to_real(const Value& value) {
  if (value.tag() == Tag::real) return value.real();
  if (value.tag() == Tag::integer) return exact_real<double>(value.integer());
  if (value.tag() == Tag::boolean) return {};
  if (const auto number = to_signed(value)) return exact_real<double>(*number);
  if (const auto number = to_unsigned(value)) return exact_real<double>(*number);
  return numpy_scalar<double>(value);
}

std::optional<long double> to_long_real(const Value& value) {
  if (const auto number = to_real(value)) return *number;
  if (value.tag() == Tag::boolean) return {};
  if (const auto number = to_signed(value)) return exact_real<long double>(*number);
  if (const auto number = to_unsigned(value)) return exact_real<long double>(*number);
  return numpy_scalar<long double>(value);
}

ComplexParts parts_of_complex(const Value& complex) {
  double parts[2];
  std::memcpy(parts, complex.bytes().data(), sizeof(parts));
  return {parts[0], parts[1]};
}

std::optional<ComplexParts> to_complex(const Value& value) {
  if (value.tag() == Tag::complex) return parts_of_complex(value);
  if (const auto number = numpy_scalar<std::complex<long double>>(value))
    return ComplexParts{number->real(), number->imag()};
  if (const auto number = to_long_real(value)) return ComplexParts{*number, 0};
  return {};
}

std::optional<std::string_view> to_text(const Value& value) {
  if (value.tag() == Tag::str) return value.text();
  if (value.tag() != Tag::bytes) return {};
  for (const char character : value.text()) {
    if (static_cast<unsigned char>(character) >= 0x80) return {};
  }
  return value.text();
}

std::optional<char32_t> to_character(const Value& value) {
  const auto text = to_text(value);
  if (!text || text->empty() || first_characters(*text, 1) != *text) return {};
  return decode_character(*text);
}

std::optional<std::span<const std::byte>> to_bytes(const Value& value) {
  if (value.tag() == Tag::bytes || value.tag() == Tag::bytearray) return value.bytes();
  return {};
}

std::optional<std::int64_t> to_time_point(const Value& value) {
  using namespace std::chrono;
  if (value.tag() != Tag::instance) return numpy_microseconds(value, dtype::Kind::datetime);
  if (!is_class(value, "datetime", "datetime")) return {};
  const std::span<const Value> arguments = value.instance().arguments.sequence().span();
  if (arguments.empty() || arguments[0].tag() != Tag::bytes || arguments[0].text().size() != 10)
    return {};
  const auto byte = [&](std::size_t i) { return std::to_integer<int>(arguments[0].bytes()[i]); };
  const year_month_day date{year(byte(0) << 8 | byte(1)), month(byte(2) & 0x7fU),
                            day(byte(3) & 0xffU)};
  if (!date.ok()) return {};
  const auto time = sys_days(date) + hours(byte(4)) + minutes(byte(5)) + seconds(byte(6)) +
                    microseconds(byte(7) << 16 | byte(8) << 8 | byte(9));
  const std::int64_t local = duration_cast<microseconds>(time.time_since_epoch()).count();
  if (arguments.size() == 1) return local;
  const auto offset = offset_of_timezone(arguments[1]);
  constexpr std::int64_t day = 86'400'000'000;
  if (!offset || *offset <= -day || *offset >= day) return {};
  return local - *offset;
}

std::optional<std::int64_t> to_duration(const Value& value) {
  if (value.tag() != Tag::instance) return numpy_microseconds(value, dtype::Kind::timedelta);
  if (!is_class(value, "datetime", "timedelta")) return {};
  const std::span<const Value> parts = value.instance().arguments.sequence().span();
  if (parts.size() != 3) return {};
  for (const Value& part : parts) {
    if (part.tag() != Tag::integer) return {};
  }
  const auto within = [](const Value& part, std::int64_t limit) {
    return part.integer() >= 0 && part.integer() < limit;
  };
  if (!within(parts[1], 86'400) || !within(parts[2], 1'000'000)) return {};
  const Wide seconds = Wide(parts[0].integer()) * 86'400 + parts[1].integer();
  return in_64_bits(seconds * 1'000'000 + parts[2].integer());
}

}  // namespace joblib::detail
