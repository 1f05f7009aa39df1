#include "messages.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "joblib/core/detail/utf8.hpp"

namespace joblib::detail {
namespace {

constexpr std::size_t width = 80;

std::string time_text(Seconds time) {
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%.1fs, %.1fmin", time.count(), time.count() / 60);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string right_aligned(const std::string& text) {
  return std::string(width - std::min(width, count_characters(text)), '_') + text;
}

// "costly(3, 'x')"
std::string signature(std::string_view function, const std::vector<std::string>& arguments) {
  constexpr std::size_t longest = 80;  // that another argument may follow on the same line
  std::string text = last_part(function) + "(";
  std::size_t size_before = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string argument = (size_before > longest ? "\n" : "") + arguments[i];
    size_before = count_characters(argument);
    text += (i == 0 ? "" : ", ") + argument;
  }
  return text + ")";
}

}  // namespace

std::string dotted(std::string_view function) {
  std::string text(function);
  std::ranges::replace(text, '/', '.');
  return text;
}

std::string last_part(std::string_view function) {
  return std::string(function.substr(function.rfind('/') + 1));
}

std::string querying(std::string_view function, const std::vector<std::string>& arguments,
                     std::string_view args_id, std::string_view place) {
  std::string text = "Querying " + dotted(function) + " with signature\n" +
                     signature(function, arguments) + ".\n\n(argument hash ";
  return text.append(args_id).append(")\n\nThe store location is ").append(place).append(".\n");
}

std::string calling(std::string_view function, const std::vector<std::string>& arguments) {
  return std::string(width, '_') + "\n[Memory] Calling " + dotted(function) + "...\n" +
         signature(function, arguments);
}

std::string called(std::string_view function, Seconds duration) {
  return right_aligned(last_part(function) + " - " + time_text(duration));
}

std::string loaded(std::string_view function, Seconds duration) {
  return right_aligned(last_part(function) + " cache loaded - " + time_text(duration));
}

std::string loading(std::string_view function, Seconds age, const Metadata* metadata) {
  constexpr std::size_t time_width = 16;
  std::string time = time_text(age);
  if (time.size() < time_width) time.resize(time_width, ' ');
  std::string text = "[Memory]" + time + ": Loading " + last_part(function);
  if (metadata == nullptr) return text;
  std::string arguments;
  for (const auto& [name, value] : metadata->input_args)
    ((arguments += arguments.empty() ? "" : ", ").append(name) += '=').append(value);
  return text + '(' + arguments + ')';
}

}  // namespace joblib::detail
