#include "array_words.hpp"

#include <algorithm>
#include <chrono>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string_view>

#include "float_text.hpp"
#include "joblib/core/detail/utf8.hpp"
#include "text.hpp"

namespace joblib::detail {
namespace {

using Words = std::vector<std::string>;
__extension__ using Wide = __int128;

// How many characters an element takes at least. No number has room for those of any type.
double smallest_word(const dtype& type) {
  constexpr double separator = 2;
  if (const dtype::SubArray* const sub = type.sub_array()) {
    double size = smallest_word(sub->element);
    for (std::size_t axis = sub->shape.size(); axis-- > 0;)
      size = 2 + static_cast<double>(sub->shape[axis]) * (size + separator);
    return size;
  }
  if (type.kind() != dtype::Kind::raw) return 1;
  double size = 2 + (type.fields().empty() ? 4.0 * static_cast<double>(type.itemsize()) : 0);
  for (const dtype::Field& field : type.fields()) size += smallest_word(field.type) + separator;
  return size;
}

// The elements whose words matter, in native byte order, without gaps in the order of C.
Array first_elements(const Array& array, std::size_t most) {
  Array elements = array.is_contiguous(Order::C) ? array : copy(array, Order::C);
  const double needed = static_cast<double>(most) / (smallest_word(array.type) + 1) + 1;
  if (needed < static_cast<double>(elements.size())) {
    elements.shape = {static_cast<std::size_t>(needed)};
    elements.strides = {static_cast<std::ptrdiff_t>(elements.type.itemsize())};
  }
  return to_native(elements);
}

template <class Number>
std::vector<Number> numbers_of(const Array& array) {
  std::vector<Number> numbers(array.size());
  convert(array, dtype::of<Number>(), Order::C, reinterpret_cast<std::byte*>(numbers.data()));
  return numbers;
}

Words right_aligned(Words words) {
  std::size_t width = 0;
  for (const std::string& word : words) width = std::max(width, word.size());
  for (std::string& word : words) word.insert(0, width - word.size(), ' ');
  return words;
}

Words words_of_bools(const Array& array) {
  Words words;
  const std::string truth = array.ndim() == 0 ? "True" : " True";
  const auto* bytes = array.data.get();
  for (std::size_t i = 0; i < array.size(); ++i)
    words.push_back(bytes[i] != std::byte{0} ? truth : "False");
  return words;
}

template <class Integer>
Words words_of_integers(const Array& array) {
  Words words;
  for (const Integer number : numbers_of<Integer>(array)) words.push_back(std::to_string(number));
  return right_aligned(std::move(words));
}

Words words_of_reals(const Array& array, const PrintOptions& options) {
  const auto numbers = numbers_of<long double>(array);
  const FloatFormat format(numbers, array.type.itemsize(), options.precision);
  Words words;
  for (const long double number : numbers) words.push_back(format(number));
  return words;
}

Words words_of_complex(const Array& array, const PrintOptions& options) {
  std::vector<long double> reals, imaginaries;
  for (const auto& number : numbers_of<std::complex<long double>>(array)) {
    reals.push_back(number.real());
    imaginaries.push_back(number.imag());
  }
  const std::size_t itemsize = array.type.itemsize() / 2;
  const FloatFormat real(reals, itemsize, options.precision);
  const FloatFormat imaginary(imaginaries, itemsize, options.precision, true);
  Words words;
  for (std::size_t i = 0; i < reals.size(); ++i) {
    std::string second = imaginary(imaginaries[i]);
    second.insert(second.find_last_not_of(' ') + 1, "j");
    words.push_back(real(reals[i]) + second);
  }
  return words;
}

Words words_of_texts(const Array& array, std::size_t most) {
  const std::size_t size = array.type.itemsize();
  Words words;
  std::size_t all = 0;
  for (std::size_t i = 0; i < array.size() && all <= most; ++i) {
    const std::byte* const first = array.data.get() + i * size;
    std::string& word = words.emplace_back();
    if (array.type.kind() == dtype::Kind::str) {
      append_quoted(word, utf8_of_characters({first, size}), false, most);
    } else {
      const std::string_view padded(reinterpret_cast<const char*>(first), size);
      word += 'b';
      append_quoted(word, padded.substr(0, padded.find_last_not_of('\0') + 1), true, most);
    }
    all += word.size();
  }
  return words;
}

// b'\x01\x02'
Words words_of_raw(const Array& array, std::size_t most) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const std::size_t size = array.type.itemsize();
  Words words;
  for (std::size_t i = 0; i < array.size(); ++i) {
    std::string& word = words.emplace_back("b'");
    for (const std::byte byte : std::span(array.data.get() + i * size, std::min(size, most)))
      ((word += "\\x") += digits[std::to_integer<unsigned>(byte) >> 4]) +=
          digits[std::to_integer<unsigned>(byte) & 15];
    word += '\'';
  }
  return words;
}

// What a unit of datetime64 tells: how many there are in a day, and how much of ISO 8601's
// "2020-01-01T05:06:07.890" is written.
struct TimeUnit {
  std::string_view name;
  Wide in_a_day;
  std::size_t characters;  // of the time, from the T on
};
constexpr Wide seconds_of_day = 86'400;
constexpr TimeUnit time_units[] = {
    {"h", 24, 3},
    {"m", 1440, 6},
    {"s", seconds_of_day, 9},
    {"ms", seconds_of_day * 1'000, 13},
    {"us", seconds_of_day * 1'000'000, 16},
    {"ns", seconds_of_day * 1'000'000'000, 19},
    {"ps", seconds_of_day * 1'000'000'000'000, 22},
    {"fs", seconds_of_day * 1'000'000'000'000'000, 25},
    {"as", seconds_of_day * 1'000'000'000'000'000'000, 28},
};

std::string formatted(const char* format, auto... numbers) {
  char text[64];
  const int size = std::snprintf(text, sizeof(text), format, numbers...);
  return {text, static_cast<std::size_t>(size)};
}

Wide floor_divide(Wide number, Wide divisor) {
  return number / divisor - (number % divisor < 0 ? 1 : 0);
}

std::string date_text(Wide days) {
  using namespace std::chrono;
  constexpr int days_of_cycle = 146'097, years_of_cycle = 400;  // then the calendar repeats itself
  const Wide cycles = floor_divide(days, days_of_cycle);
  const year_month_day date{sys_days(std::chrono::days(days - cycles * days_of_cycle))};
  const Wide year = static_cast<int>(date.year()) + cycles * years_of_cycle;
  return formatted("%04lld-%02u-%02u", static_cast<long long>(year),
                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string datetime_text(std::int64_t count, const dtype::TimeUnit& unit) {
  const Wide units = static_cast<Wide>(count) * unit.count;
  if (unit.name == "Y") return formatted("%04lld", static_cast<long long>(1970 + units));
  if (unit.name == "M") {
    const Wide years = floor_divide(units, 12);
    return formatted("%04lld-%02d", static_cast<long long>(1970 + years),
                     static_cast<int>(units - 12 * years) + 1);
  }
  if (unit.name == "W") return date_text(7 * units);
  const auto* const known = std::ranges::find(time_units, unit.name, &TimeUnit::name);
  if (known == std::end(time_units)) return date_text(units);
  const Wide days = floor_divide(units, known->in_a_day);
  const Wide rest = units - days * known->in_a_day;
  const Wide second = std::max<Wide>(known->in_a_day / seconds_of_day, 1);
  const Wide time = rest * std::max<Wide>(seconds_of_day / known->in_a_day, 1);
  const auto seconds = static_cast<int>(time / second);
  std::string text = formatted("T%02d:%02d:%02d.", seconds / 3600, seconds / 60 % 60, seconds % 60);
  Wide fraction = time % second;
  for (Wide digit = second / 10; digit > 0; digit /= 10) {
    text += static_cast<char>('0' + static_cast<int>(fraction / digit));
    fraction %= digit;
  }
  return date_text(days) + text.substr(0, known->characters);
}

Words words_of_times(const Array& array) {
  std::vector<std::int64_t> counts(array.size());
  std::memcpy(counts.data(), array.data.get(), array.nbytes());
  Words words;
  for (const std::int64_t count : counts) {
    if (count == std::numeric_limits<std::int64_t>::min()) {
      words.emplace_back("'NaT'");
    } else if (array.type.kind() == dtype::Kind::timedelta) {
      words.push_back(std::to_string(count));
    } else {
      words.push_back('\'' + datetime_text(count, array.type.time_unit()) + '\'');
    }
  }
  return right_aligned(std::move(words));
}

// Appends "[[1, 2], [3, 4]]", of the elements of one sub-array, until the text is long enough or
// there are no more words.
void append_nested(std::string& text, std::span<const std::string>& words,
                   std::span<const std::size_t> shape, std::size_t most) {
  if (shape.empty()) {
    if (words.empty()) return;
    text += words.front();
    words = words.subspan(1);
    return;
  }
  text += '[';
  for (std::size_t i = 0; i < shape[0] && text.size() <= most; ++i) {
    if (i > 0) text += ", ";
    append_nested(text, words, shape.subspan(1), most);
  }
  text += ']';
}

// One field of each structure.
Words words_of_field(const Array& array, const dtype::Field& field, const PrintOptions& options,
                     std::size_t most) {
  Array elements{.type = field.type, .shape = {array.size()}};
  elements.strides = {static_cast<std::ptrdiff_t>(array.type.itemsize())};
  elements.data = std::shared_ptr<std::byte>(array.data, array.data.get() + field.offset);
  const dtype::SubArray* const sub = field.type.sub_array();
  if (sub == nullptr) return words_of(elements, options, most);
  const std::vector<std::ptrdiff_t> inner =
      contiguous_strides(sub->shape, sub->element.itemsize(), Order::C);
  elements.type = sub->element;
  elements.shape.insert(elements.shape.end(), sub->shape.begin(), sub->shape.end());
  elements.strides.insert(elements.strides.end(), inner.begin(), inner.end());
  const Words all = words_of(elements, options, most);
  std::span<const std::string> rest = all;
  Words words(array.size());
  for (std::string& word : words) append_nested(word, rest, sub->shape, most);
  return words;
}

// (1, 2.5)
Words words_of_structures(const Array& array, const PrintOptions& options, std::size_t most) {
  Words words(array.size(), "(");
  const std::span<const dtype::Field> fields = array.type.fields();
  for (const dtype::Field& field : fields) {
    if (words.front().size() > most) break;
    const Words values = words_of_field(array, field, options, most);
    words.resize(std::min(words.size(), values.size()));
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] += (words[i].size() == 1 ? "" : ", ") + values[i];
  }
  for (std::string& word : words) word += fields.size() == 1 ? ",)" : ")";
  return words;
}

}  // namespace

Words words_of(const Array& array, const PrintOptions& options, std::size_t most) {
  if (array.size() == 0) return {};
  const Array elements = first_elements(array, most);
  using enum dtype::Kind;
  switch (elements.type.kind()) {
    case boolean:
      return words_of_bools(elements);
    case signed_integer:
      return words_of_integers<std::int64_t>(elements);
    case unsigned_integer:
      return words_of_integers<std::uint64_t>(elements);
    case floating:
      return words_of_reals(elements, options);
    case complex:
      return words_of_complex(elements, options);
    case timedelta:
    case datetime:
      return words_of_times(elements);
    case bytes:
    case str:
      return words_of_texts(elements, most);
    default:
      return elements.type.fields().empty() ? words_of_raw(elements, most)
                                            : words_of_structures(elements, options, most);
  }
}

}  // namespace joblib::detail
