#include "joblib/core/duration.hpp"

#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"

using joblib::format_time;
using joblib::short_format_time;
using Seconds = std::chrono::duration<double>;

namespace {

struct Row {
  double seconds;
  std::string short_text;
  std::string text;
};

constexpr double infinity = std::numeric_limits<double>::infinity();

// The results of joblib.logger.short_format_time and format_time.
const std::vector<Row> rows = {
    {0, "   0.0s", "0.0s, 0.0min"},
    {5e-324, "   0.0s", "0.0s, 0.0min"},
    {0.04, "   0.0s", "0.0s, 0.0min"},
    {0.05, "   0.1s", "0.1s, 0.0min"},
    {0.149, "   0.1s", "0.1s, 0.0min"},
    {0.15, "   0.1s", "0.1s, 0.0min"},
    {0.25, "   0.2s", "0.2s, 0.0min"},
    {0.35, "   0.3s", "0.3s, 0.0min"},
    {1, "   1.0s", "1.0s, 0.0min"},
    {9.95, "   9.9s", "9.9s, 0.2min"},
    {9.96, "  10.0s", "10.0s, 0.2min"},
    {59.94, "  59.9s", "59.9s, 1.0min"},
    {59.96, "  60.0s", "60.0s, 1.0min"},
    {60, "  60.0s", "60.0s, 1.0min"},
    {60.0001, " 1.0min", "60.0s, 1.0min"},
    {63, " 1.1min", "63.0s, 1.1min"},
    {63.1, " 1.1min", "63.1s, 1.1min"},
    {90, " 1.5min", "90.0s, 1.5min"},
    {599, "10.0min", "599.0s, 10.0min"},
    {5999, "100.0min", "5999.0s, 100.0min"},
    {12345.678, "205.8min", "12345.7s, 205.8min"},
    {86400, "1440.0min", "86400.0s, 1440.0min"},
    {1e7, "166666.7min", "10000000.0s, 166666.7min"},
    {-0.0, "  -0.0s", "-0.0s, -0.0min"},
    {-0.04, "  -0.0s", "-0.0s, -0.0min"},
    {-1, "  -1.0s", "-1.0s, -0.0min"},
    {-123.4, " -123.4s", "-123.4s, -2.1min"},
    {infinity, " infmin", "infs, infmin"},
    {-infinity, "  -infs", "-infs, -infmin"},
    {std::numeric_limits<double>::quiet_NaN(), "   nans", "nans, nanmin"},
    {-std::numeric_limits<double>::quiet_NaN(), "   nans", "nans, nanmin"},
};

}  // namespace

TEST_CASE("Times are written as joblib writes them") {
  for (const auto& row : rows) {
    CAPTURE(row.seconds);
    CHECK(short_format_time(Seconds(row.seconds)) == row.short_text);
    CHECK(format_time(Seconds(row.seconds)) == row.text);
  }
}

TEST_CASE("The longest times are written in full") {
  const Seconds longest(std::numeric_limits<double>::max());
  CHECK(short_format_time(longest).size() == 307 + 2 + 3);  // digits before the point, ".0", "min"
  CHECK(format_time(-longest).size() == 1 + 309 + 2 + 1 + 2 + 1 + 307 + 2 + 3);
}

TEST_CASE("Any chrono duration can be written as a time") {
  using namespace std::chrono_literals;
  CHECK(short_format_time(1500ms) == "   1.5s");
  CHECK(format_time(2min) == "120.0s, 2.0min");
}
