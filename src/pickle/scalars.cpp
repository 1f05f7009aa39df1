#include "joblib/pickle/detail/scalars.hpp"

#include <chrono>
#include <string>

#include "joblib/core/detail/code_module.hpp"
#include "joblib/core/detail/utf8.hpp"
#include "joblib/pickle/detail/mismatch.hpp"

namespace joblib::detail {
namespace {

constexpr bool is_surrogate(char32_t character) {
  return character >= 0xd800 && character < 0xe000;
}

// Without surrogates: os.fsdecode takes them for bytes like others.
bool is_utf8_of_file_name(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i - 1] == '\xed' && static_cast<unsigned char>(text[i]) >= 0xa0) return false;
  }
  return is_utf8(text);
}

}  // namespace

void check_utf8(std::string_view text) {
  if (is_utf8(text)) return;
  throw Mismatch(errc::invalid_argument,
                 "a string is not valid UTF-8 and can't become a Python str: pickle bytes as "
                 "joblib::bytes");
}

std::string character_to_utf8(char32_t character, std::size_t size) {
  const bool valid =
      size == 1 ? character < 0x80 : character < 0x110000 && !is_surrogate(character);
  if (!valid) throw Mismatch(errc::invalid_argument, "a character is none of Unicode by itself");
  std::string text;
  append_utf8(text, character);
  return text;
}

std::string path_to_utf8(const std::filesystem::path& path) {
  const std::string& native = path.native();
  if (is_utf8_of_file_name(native)) return native;
  std::string text;
  for (std::size_t i = 0; i < native.size();) {
    std::size_t length = 1;
    while (length <= 4 && i + length <= native.size() &&
           !is_utf8_of_file_name(std::string_view(native).substr(i, length)))
      ++length;
    if (length <= 4 && i + length <= native.size()) {
      text.append(native, i, length);
      i += length;
    } else {
      append_utf8(text, 0xdc00 + static_cast<unsigned char>(native[i++]));
    }
  }
  return text;
}

std::filesystem::path path_from_utf8(std::string_view text) {
  std::string native;
  for (std::size_t i = 0; i < text.size(); ++i) {
    // U+DC80 to U+DCFF, each for one byte
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[i + k]); };
    if (i + 2 < text.size() && byte(0) == 0xed && (byte(1) == 0xb2 || byte(1) == 0xb3)) {
      native += static_cast<char>(((byte(1) & 3) << 6) | (byte(2) & 0x3f));
      i += 2;
    } else {
      native += text[i];
    }
  }
  return native;
}

void throw_derived(const std::type_info& its_type, const std::type_info& base) {
  const std::string name = demangled(base.name());
  throw Mismatch(errc::invalid_argument,
                 "an object of the class " + demangled(its_type.name()) + " is known as a " + name +
                     " only, and would lose what it has beside: specialise joblib::pickler for " +
                     name);
}

void throw_inexact_time() {
  throw Mismatch(errc::invalid_argument,
                 "a time is no whole number of microseconds within Python's range: cast it to "
                 "std::chrono::microseconds");
}

std::array<std::byte, 10> datetime_state(std::int64_t microseconds) {
  using namespace std::chrono;
  const sys_time<std::chrono::microseconds> time{std::chrono::microseconds(microseconds)};
  const auto day = floor<days>(floor<seconds>(time));  // any day in microseconds is too many
  const year_month_day date(day);
  const int year = static_cast<int>(date.year());
  if (year < 1 || year > 9999) {
    throw Mismatch(errc::invalid_argument,
                   "Python's datetime has the years 1 to 9999 only, not " + std::to_string(year));
  }
  const hh_mm_ss clock(time - day);
  const auto fraction = clock.subseconds().count();
  const auto byte = [](auto value) { return static_cast<std::byte>(value); };
  return {byte(year >> 8),
          byte(year & 0xff),
          byte(static_cast<unsigned>(date.month())),
          byte(static_cast<unsigned>(date.day())),
          byte(clock.hours().count()),
          byte(clock.minutes().count()),
          byte(clock.seconds().count()),
          byte(fraction >> 16),
          byte(fraction >> 8 & 0xff),
          byte(fraction & 0xff)};
}

}  // namespace joblib::detail
