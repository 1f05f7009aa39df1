#include "joblib/core/byte_size.hpp"

#include <optional>

#include "joblib/core/detail/parse_number.hpp"
#include "joblib/core/error.hpp"

namespace joblib {

namespace {

std::optional<double> unit_size(char suffix) {
  switch (suffix) {
    case 'K':
      return 0x1p10;
    case 'M':
      return 0x1p20;
    case 'G':
      return 0x1p30;
    default:
      return {};
  }
}

std::uint64_t parse(std::string_view text) {
  if (!text.empty()) {
    const auto unit = unit_size(text.back());
    const auto number = detail::parse_number<double>(text.substr(0, text.size() - 1));
    if (unit && number) {
      const double bytes = *unit * *number;
      if (bytes >= 0 && bytes < 0x1p64) return static_cast<std::uint64_t>(bytes);  // false for NaN
    }
  }
  throw Error(errc::invalid_argument, "Invalid literal for size give: " + std::string(text) +
                                          " should be alike '10G', '500M', '50K'.");
}

}  // namespace

void detail::throw_negative_size(long long size) {
  throw Error(errc::invalid_argument,
              "A size must not be negative, but is " + std::to_string(size) + " bytes.");
}

ByteSize::ByteSize(std::string_view text) : bytes_(parse(text)) {}

}  // namespace joblib
