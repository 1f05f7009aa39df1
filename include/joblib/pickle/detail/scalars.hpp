#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>

namespace joblib::detail {

/// Throws Mismatch, suggesting joblib::bytes, unless the text is UTF-8.
void check_utf8(std::string_view text);

/// The UTF-8 of one character of `size` bytes; Mismatch for what is none.
std::string character_to_utf8(char32_t character, std::size_t size);

/// A path as Python has it: what isn't UTF-8 is escaped by surrogates (surrogateescape).
std::string path_to_utf8(const std::filesystem::path& path);
std::filesystem::path path_from_utf8(std::string_view text);

/// Throws Mismatch for an object of a class derived from the one that is known.
[[noreturn]] void throw_derived(const std::type_info& its_type, const std::type_info& base);

[[noreturn]] void throw_inexact_time();

/// The bytes in which datetime keeps a time, given in microseconds since 1970; Mismatch outside of
/// the years 1 to 9999.
std::array<std::byte, 10> datetime_state(std::int64_t microseconds);

/// timedelta(days, seconds, microseconds).
template <class Sink>
void save_timedelta(Sink& sink, std::int64_t microseconds) {
  constexpr std::int64_t second = 1'000'000;
  constexpr std::int64_t day = 86'400 * second;
  const std::int64_t days = microseconds / day - (microseconds % day < 0 ? 1 : 0);
  const std::int64_t rest = (microseconds % day + day) % day;
  sink.global("datetime", "timedelta");
  sink.begin_tuple(3);
  sink.integer(days);
  sink.integer(rest / second);
  sink.integer(rest % second);
  sink.end_tuple(3);
  sink.reduce();
}

/// datetime(state), without a time zone.
template <class Sink>
void save_datetime(Sink& sink, std::int64_t microseconds) {
  const std::array<std::byte, 10> state = datetime_state(microseconds);
  sink.global("datetime", "datetime");
  sink.begin_tuple(1);
  sink.bytes(std::span(state));
  sink.end_tuple(1);
  sink.reduce();
}

}  // namespace joblib::detail
