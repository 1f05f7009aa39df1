#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "joblib/persistence.hpp"

TEST_CASE("A variant is loaded as the alternative of the exact type, else as the first that fits") {
  using Value = std::variant<bool, std::int8_t, double, std::string, std::vector<std::string>>;
  const std::map<std::string, Value> values = {
      {"bool", true},
      {"double", 2.0},
      {"int", std::int8_t{2}},
      {"list", std::vector<std::string>{"a"}},
      {"str", "a"},
  };
  CHECK(joblib::loads<std::map<std::string, Value>>(joblib::dumps(values)) == values);

  CHECK(joblib::loads<Value>(joblib::dumps(1000)) == Value(1000.0));
  CHECK(joblib::loads<std::variant<std::int8_t, double>>(joblib::dumps(3.0)).index() == 1);
  CHECK_THROWS_AS(joblib::loads<Value>(joblib::dumps(nullptr)), joblib::Error);
}
