#include "options.hpp"

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

namespace digits {

namespace {

int parse_n_jobs(std::string_view text) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value == 0) {
    throw UsageError("--n-jobs: 1, 2, ... or -1, -2, ... expected, not \"" + std::string(text) +
                     '"');
  }
  return value;
}

}  // namespace

Options parse_options(std::span<const char* const> args) {
  Options options;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view name = args[i];
    if (name == "--help") {
      options.help = true;
    } else if (name != "--n-jobs" && name != "--backend" && name != "--data" && name != "--cache") {
      throw UsageError("unknown option " + std::string(name));
    } else if (++i == args.size()) {
      throw UsageError(std::string(name) + ": no value given");
    } else if (name == "--n-jobs") {
      options.n_jobs = parse_n_jobs(args[i]);
    } else if (name == "--backend") {
      options.backend = args[i];
    } else if (name == "--cache") {
      options.cache = args[i];
    } else {
      options.data = args[i];
    }
  }
  return options;
}

}  // namespace digits
