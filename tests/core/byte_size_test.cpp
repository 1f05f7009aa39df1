#include "joblib/core/byte_size.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "joblib/core/error.hpp"

using Catch::Matchers::Message;
using joblib::ByteSize;
using joblib::Error;

namespace {

enum Unscoped { enumerator };

template <class T>
constexpr bool converts = std::is_convertible_v<T, ByteSize>;

}  // namespace

TEST_CASE("A byte size is made of integers and text and of nothing else") {
  STATIC_REQUIRE(converts<int>);
  STATIC_REQUIRE(converts<std::size_t>);
  STATIC_REQUIRE(converts<std::int64_t>);
  STATIC_REQUIRE(converts<const char*>);
  STATIC_REQUIRE(converts<const char(&)[3]>);
  STATIC_REQUIRE(converts<std::string>);
  STATIC_REQUIRE(converts<const std::string&>);
  STATIC_REQUIRE(converts<std::string_view>);

  STATIC_REQUIRE_FALSE(converts<bool>);
  STATIC_REQUIRE_FALSE(converts<const bool&>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<ByteSize, bool>);
  STATIC_REQUIRE_FALSE(converts<double>);
  STATIC_REQUIRE_FALSE(converts<Unscoped>);
  STATIC_REQUIRE_FALSE(converts<std::nullptr_t>);
  STATIC_REQUIRE_FALSE(converts<void*>);
  STATIC_REQUIRE_FALSE(std::is_default_constructible_v<ByteSize>);
}

TEST_CASE("An integer is a byte size at compile time") {
  constexpr ByteSize size = 10'000;
  STATIC_REQUIRE(size.bytes() == 10'000);
  STATIC_REQUIRE(ByteSize(0).bytes() == 0);
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  STATIC_REQUIRE(ByteSize(most).bytes() == most);
  STATIC_REQUIRE(ByteSize(std::uint8_t{255}).bytes() == 255);
}

TEST_CASE("A negative integer is no byte size") {
  CHECK_THROWS_MATCHES(ByteSize(-1), Error,
                       Message("A size must not be negative, but is -1 bytes."));
  CHECK_THROWS_MATCHES(ByteSize(std::numeric_limits<std::int64_t>::min()), Error,
                       Message("A size must not be negative, but is -9223372036854775808 bytes."));
  CHECK_THROWS_AS(ByteSize(static_cast<signed char>(-1)), Error);
}

TEST_CASE("Text is read as a byte size with the results of joblib") {
  // The values of joblib.disk.memstr_to_bytes.
  const std::vector<std::pair<std::string, std::uint64_t>> sizes = {
      {"1K", 1024},
      {"50K", 51200},
      {"1M", 1048576},
      {"500M", 524288000},
      {"1G", 1073741824},
      {"10G", 10737418240},
      {"1.5G", 1610612736},
      {"0.1K", 102},
      {".5K", 512},
      {"1.K", 1024},
      {"1e3K", 1024000},
      {"1E3K", 1024000},
      {"+1K", 1024},
      {"+.5e1K", 5120},
      {" 1K", 1024},
      {"1 K", 1024},
      {"1\tK", 1024},
      {"1\nK", 1024},
      {"0K", 0},
      {"-0K", 0},
      {"0.0009K", 0},
      {"16777216G", 18014398509481984},
      {"8589934592G", 9223372036854775808U},
      {"17179869183.99999G", 18446744073709541376U},
  };
  for (const auto& [text, bytes] : sizes) {
    CAPTURE(text);
    CHECK(ByteSize(text).bytes() == bytes);
    CHECK(ByteSize(text.c_str()).bytes() == bytes);
    CHECK(ByteSize(std::string_view(text)).bytes() == bytes);
  }
}

TEST_CASE("Other text is no byte size") {
  const std::string text = GENERATE(
      // joblib refuses these.
      as<std::string>(), "", "K", "10", "1X", "1T", "1k", "1m", "1g", "1K ", "1KB", "0x10K", "1eK",
      "inf", "nanK", "infK", "infinityK", "1e300G", "1e400K", "++1K", "+-1K", "1,5K", "1 0K", ".K",
      "e1K", " K", "1__0K",
      // joblib reads these, as negative, too large for 64 bits, or by rules of Python's numbers.
      "-1M", "-0.0001K", "17179869184G", "1_0K", "\xD9\xA3K");
  CAPTURE(text);
  CHECK_THROWS_MATCHES(
      ByteSize(text), Error,
      Message("Invalid literal for size give: " + text + " should be alike '10G', '500M', '50K'."));
}

TEST_CASE("Text with a zero byte inside is no byte size") {
  CHECK_THROWS_AS(ByteSize(std::string("1\0K", 3)), Error);
}

TEST_CASE("Errors of a byte size are invalid arguments") {
  try {
    ByteSize("1X");
    FAIL("nothing thrown");
  } catch (const Error& error) {
    CHECK(error.code() == joblib::errc::invalid_argument);
  }
  try {
    ByteSize(-1);
    FAIL("nothing thrown");
  } catch (const Error& error) {
    CHECK(error.code() == joblib::errc::invalid_argument);
  }
}

TEST_CASE("Byte sizes are ordered by their bytes") {
  STATIC_REQUIRE(ByteSize(1) < ByteSize(2));
  STATIC_REQUIRE(ByteSize(2) == 2U);
  CHECK(ByteSize("1K") == 1024);
  CHECK(ByteSize("1M") > "1023K");
  CHECK("1M" <= ByteSize("1024K"));
  CHECK(ByteSize("1M") != ByteSize("1G"));
}

TEST_CASE("A byte size is a member initialised by its literal") {
  struct Options {
    std::optional<ByteSize> limit = {};
  };
  CHECK(Options{.limit = "1K"}.limit == ByteSize(1024));
  CHECK(Options{.limit = 7}.limit == ByteSize(7));
}
