#include "time_text.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "joblib/pickle/detail/extraction.hpp"

namespace joblib::detail {
namespace {

using Arguments = std::span<const Value>;

// "datetime.time(5, 6)": the last `optional` numbers are left out from the end on while they are 0.
std::string call(std::string name, std::vector<int> numbers, std::size_t optional) {
  for (; optional > 0 && numbers.back() == 0; --optional) numbers.pop_back();
  std::string_view separator = "(";
  for (const int number : numbers)
    (name += std::exchange(separator, ", ")) += std::to_string(number);
  return name + ')';
}

// A datetime or a time: the bytes of its state, and its time zone.
std::optional<TimeRepr> repr_of_time(Arguments arguments, bool is_datetime) {
  const std::size_t date_size = is_datetime ? 4 : 0;
  if (arguments.empty() || arguments.size() > 2 || arguments[0].tag() != Tag::bytes ||
      arguments[0].text().size() != date_size + 6)
    return {};
  const auto byte = [&](std::size_t i) { return std::to_integer<int>(arguments[0].bytes()[i]); };
  constexpr int fold = 0x80;  // in the first field that has room for it
  const bool folds = (byte(is_datetime ? 2 : 0) & fold) != 0;
  std::vector<int> numbers;
  if (is_datetime) numbers = {byte(0) << 8 | byte(1), byte(2) & ~fold, byte(3)};
  const int hour = is_datetime ? byte(date_size) : byte(0) & ~fold;
  numbers.insert(numbers.end(),
                 {hour, byte(date_size + 1), byte(date_size + 2),
                  byte(date_size + 3) << 16 | byte(date_size + 4) << 8 | byte(date_size + 5)});
  TimeRepr repr{.front = call(is_datetime ? "datetime.datetime" : "datetime.time", numbers, 2)};
  repr.front.pop_back();
  repr.back = ")";
  // Python puts it in front of the zone of a datetime, and behind that of a time.
  if (folds && is_datetime) repr.front += ", fold=1";
  if (folds && !is_datetime) repr.back = ", fold=1)";
  if (arguments.size() == 2) {
    repr.front += ", tzinfo=";
    repr.zone = &arguments[1];
  }
  return repr;
}

std::optional<TimeRepr> repr_of_date(Arguments arguments) {
  if (arguments.size() != 1 || arguments[0].tag() != Tag::bytes || arguments[0].text().size() != 4)
    return {};
  const auto byte = [&](std::size_t i) { return std::to_integer<int>(arguments[0].bytes()[i]); };
  return TimeRepr{.front = call("datetime.date", {byte(0) << 8 | byte(1), byte(2), byte(3)}, 0)};
}

std::optional<TimeRepr> repr_of_difference(Arguments arguments) {
  static constexpr std::string_view names[] = {"days=", "seconds=", "microseconds="};
  if (arguments.size() != std::size(names)) return {};
  std::string text;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].tag() != Tag::integer) return {};
    if (arguments[i].integer() == 0) continue;
    text += text.empty() ? "" : ", ";
    (text += names[i]) += std::to_string(arguments[i].integer());
  }
  return TimeRepr{.front = "datetime.timedelta(" + (text.empty() ? "0" : text) + ')'};
}

}  // namespace

std::optional<TimeRepr> time_repr(const Value& value) {
  const Instance& instance = value.instance();
  const Global* const its_class = class_of(instance);
  if (its_class == nullptr || its_class->module.text() != "datetime" ||
      instance.arguments.tag() != Tag::tuple)
    return {};
  const Arguments arguments = instance.arguments.sequence().span();
  const std::string_view name = its_class->name.text();
  if (name == "datetime" || name == "time") return repr_of_time(arguments, name == "datetime");
  if (name == "date") return repr_of_date(arguments);
  if (name == "timedelta") return repr_of_difference(arguments);
  if (name == "timezone" && arguments.size() == 1 && to_duration(arguments[0]) == 0)
    return TimeRepr{.front = "datetime.timezone.utc"};
  return {};
}

}  // namespace joblib::detail
