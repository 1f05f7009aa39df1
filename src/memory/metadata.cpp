#include "joblib/memory/metadata.hpp"

#include <charconv>
#include <cmath>

#include <boost/json/src.hpp>

#include "joblib/core/error.hpp"

namespace joblib {
namespace {

namespace json = boost::json;

using Seconds = std::chrono::duration<double>;

// Python's separators are ", " and ": ".
std::string number(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  std::string result(text.data(), end);
  if (result.find_first_of(".en") == std::string::npos) result += ".0";
  return result;
}

std::string json_text(std::string_view utf8) { return json::serialize(json::string(utf8)); }

double number_of(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  return value->to_number<double>();
}

}  // namespace

Validator expires_after(std::chrono::nanoseconds age) { return detail::ExpiresAfter{age}; }

namespace detail {

std::string to_json(const Metadata& metadata) {
  std::string text = "{\"duration\": " + number(metadata.duration.count()) + ", \"input_args\": {";
  for (const auto& [name, argument] : metadata.input_args) {
    if (!text.ends_with('{')) text += ", ";
    text += json_text(name) + ": " + json_text(argument);
  }
  text += "}, \"time\": " + number(Seconds(metadata.time.time_since_epoch()).count()) + "}";
  return text;
}

Metadata metadata_from_json(std::string_view text) {
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed);
  if (failed || !value.is_object())
    throw Error(errc::corrupt_data, "metadata.json holds something else than a JSON object");
  const json::object& object = value.get_object();
  Metadata metadata;
  metadata.duration = Seconds(number_of(object, "duration"));
  const double time = number_of(object, "time");
  if (std::fabs(time) < 1e11) {
    metadata.time = std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(Seconds(time)));
  }
  if (const json::value* const arguments = object.if_contains("input_args");
      arguments != nullptr && arguments->is_object()) {
    for (const auto& [name, argument] : arguments->get_object()) {
      if (argument.is_string())
        metadata.input_args.emplace_back(name, std::string(argument.get_string()));
    }
  }
  return metadata;
}

}  // namespace detail
}  // namespace joblib
