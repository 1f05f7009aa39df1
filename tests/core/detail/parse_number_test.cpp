#include "joblib/core/detail/parse_number.hpp"

#include <limits>
#include <optional>
#include <string_view>

#include "catch.hpp"

using joblib::detail::parse_number;

TEST_CASE("Integers are parsed like in Python") {
  CHECK(parse_number<int>("12") == 12);
  CHECK(parse_number<int>("-12") == -12);
  CHECK(parse_number<int>("+12") == 12);
  CHECK(parse_number<int>("007") == 7);
  CHECK(parse_number<int>(" \t\n\r\f\v12 \t\n\r\f\v") == 12);
  CHECK(parse_number<int>("2147483647") == std::numeric_limits<int>::max());
}

TEST_CASE("Text that is not wholly a number is refused") {
  for (const std::string_view text :
       {"", " ", "+", "-", "+-1", "-+1", "++1", "+ 1", "1.", "1 2", "0x1", "1a", "2147483648"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number<int>(text));
  }
  CHECK_FALSE(parse_number<unsigned>("-1"));
  CHECK_FALSE(parse_number<double>("1.5x"));
  CHECK_FALSE(parse_number<double>("1e999"));
}

TEST_CASE("Decimal numbers are parsed with point and exponent") {
  CHECK(parse_number<double>("1.5") == 1.5);
  CHECK(parse_number<double>(" +.25e1 ") == 2.5);
}
