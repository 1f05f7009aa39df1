#include <algorithm>
#include <bit>
#include <charconv>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "dtype_data.hpp"
#include "joblib/core/error.hpp"
#include "joblib/numpy/dtype.hpp"

// Text of a dtype, as numpy reads it:
//   name [unit] | [order] letter [unit] | [order] kind size [unit]
//   order: "<" little-endian, ">" big-endian, "=" and "|" this machine's
//   size:  bytes, of U characters
//   unit:  "[" [count] unit-name "]", only of datetime64 and timedelta64

namespace joblib {

namespace {

using enum dtype::Kind;

struct Name {
  std::string_view text;
  dtype::Kind kind;
  std::size_t itemsize;
};

constexpr Name names[] = {
    {"bool", boolean, 1},
    {"int8", signed_integer, 1},
    {"int16", signed_integer, 2},
    {"int32", signed_integer, 4},
    {"int64", signed_integer, 8},
    {"uint8", unsigned_integer, 1},
    {"uint16", unsigned_integer, 2},
    {"uint32", unsigned_integer, 4},
    {"uint64", unsigned_integer, 8},
    {"float16", floating, 2},
    {"float32", floating, 4},
    {"float64", floating, 8},
    {"float128", floating, 16},
    {"complex64", complex, 8},
    {"complex128", complex, 16},
    {"complex256", complex, 32},
    {"object", object, 8},
    {"bytes", bytes, 0},
    {"str", str, 0},
    {"void", raw, 0},
    {"datetime64", datetime, 8},
    {"timedelta64", timedelta, 8},
    // Python's and C's.
    {"int", signed_integer, 8},
    {"float", floating, 8},
    {"complex", complex, 16},
    {"uint", unsigned_integer, 8},
    {"intc", signed_integer, 4},
    {"uintc", unsigned_integer, 4},
    {"intp", signed_integer, 8},
    {"uintp", unsigned_integer, 8},
    {"half", floating, 2},
    {"single", floating, 4},
    {"double", floating, 8},
    {"longdouble", floating, 16},
    {"csingle", complex, 8},
    {"cdouble", complex, 16},
    {"clongdouble", complex, 32},
};

constexpr Name letters[] = {
    {"?", boolean, 1},
    {"b", signed_integer, 1},
    {"B", unsigned_integer, 1},
    {"h", signed_integer, 2},
    {"H", unsigned_integer, 2},
    {"i", signed_integer, 4},
    {"I", unsigned_integer, 4},
    {"l", signed_integer, 8},
    {"L", unsigned_integer, 8},
    {"q", signed_integer, 8},
    {"Q", unsigned_integer, 8},
    {"p", signed_integer, 8},
    {"P", unsigned_integer, 8},
    {"e", floating, 2},
    {"f", floating, 4},
    {"d", floating, 8},
    {"g", floating, 16},
    {"F", complex, 8},
    {"D", complex, 16},
    {"G", complex, 32},
    {"O", object, 8},
    {"S", bytes, 0},
    {"U", str, 0},
    {"V", raw, 0},
    {"M", datetime, 8},
    {"m", timedelta, 8},
};

constexpr std::string_view kinds = "biufcmMOSUV";
constexpr std::string_view units[] = {"generic", "Y",  "M",  "W",  "D",  "h",  "m",
                                      "s",       "ms", "us", "ns", "ps", "fs", "as"};

// Digits only; empty for other text.
std::optional<std::size_t> parse_size(std::string_view text) {
  std::size_t size = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size);
  if (error != std::errc() || stop != end || size > detail::max_itemsize) return {};
  return size;
}

std::optional<Name> parse_sized(std::string_view text) {
  const auto size = parse_size(text.substr(1));
  if (!size || kinds.find(text.front()) == kinds.npos) return {};
  const auto kind = static_cast<dtype::Kind>(text.front());
  switch (kind) {
    case bytes:
    case raw:
      return Name{text, kind, *size};
    case str:
      if (*size > detail::max_itemsize / 4) return {};
      return Name{text, kind, *size * 4};
    default:
      for (const Name& name : names) {
        if (name.kind == kind && name.itemsize == *size) return name;
      }
      return {};
  }
}

std::optional<Name> find(std::span<const Name> table, std::string_view text) {
  const auto found = std::ranges::find(table, text, &Name::text);
  return found == table.end() ? std::nullopt : std::optional(*found);
}

// What stands between the brackets.
std::optional<dtype::TimeUnit> parse_unit(std::string_view text) {
  const auto name = text.find_first_not_of("0123456789");
  if (name == text.npos || std::ranges::find(units, text.substr(name)) == std::end(units)) {
    return {};
  }
  const auto count = name == 0 ? 1 : parse_size(text.substr(0, name));
  if (!count || *count == 0) return {};
  if (text.substr(name) == "generic") return dtype::TimeUnit{"generic", 1};
  return dtype::TimeUnit{std::string(text.substr(name)), static_cast<std::int64_t>(*count)};
}

}  // namespace

dtype::Data dtype::parse(std::string_view text) {
  std::string_view rest = text;
  std::optional<TimeUnit> unit = TimeUnit{"generic", 1};
  const auto bracket = rest.find('[');
  if (bracket != rest.npos && rest.ends_with(']')) {
    unit = parse_unit(rest.substr(bracket + 1, rest.size() - bracket - 2));
    rest = rest.substr(0, bracket);
  }
  std::optional<Name> name = find(names, rest);
  char order = std::endian::native == std::endian::little ? '<' : '>';
  if (!name && !rest.empty()) {
    if (rest.front() == '<' || rest.front() == '>') order = rest.front();
    if (std::string_view("<>=|").find(rest.front()) != rest.npos) rest.remove_prefix(1);
    if (!rest.empty()) name = rest.size() == 1 ? find(letters, rest) : parse_sized(rest);
  }
  const bool is_time = name && (name->kind == datetime || name->kind == timedelta);
  if (!name || !unit || (bracket != text.npos && !is_time)) {
    throw Error(errc::invalid_argument,
                "'" + std::string(text) +
                    "' is no dtype: give a name or a code of numpy, as 'float64', '<i4', 'U10' or "
                    "'M8[ns]'.");
  }
  Data data = scalar(name->kind, name->itemsize, order);
  data.unit = std::move(*unit);
  return data;
}

}  // namespace joblib
