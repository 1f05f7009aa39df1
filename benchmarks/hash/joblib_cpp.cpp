#include <joblib/hash.hpp>
#include <joblib/persistence.hpp>

#include <boost/describe.hpp>
#include <map>
#include <unordered_map>

#include "cases.hpp"

namespace bench {
BOOST_DESCRIBE_STRUCT(Record, (), (id, value, name))
}  // namespace bench

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  const std::string name = "joblib-cpp";
  for (const std::string algorithm : {"md5", "xxh3"}) {
    cases.array(algorithm, name, [&](const std::vector<double>& values) {
      return joblib::hash(values, {.name = algorithm});
    });
  }

  if (cases.name() == "nested") {
    const auto map = bench::make_nested<std::map>();
    cases.nested("map", name, [&] { return joblib::hash(map); });
    const auto unordered = bench::make_nested<std::unordered_map>();
    cases.nested("unordered", name, [&] { return joblib::hash(unordered); });
    const joblib::Object object = joblib::load(cases.folder() / "nested.pkl");
    cases.nested("object", name, [&] { return joblib::hash(object); });
  }

  const std::vector<double> one_element{1};
  cases.small("int", name, [] { return joblib::hash(1); });
  cases.small("str", name, [] { return joblib::hash("some text"); });
  cases.small("array", name, [&] { return joblib::hash(one_element); });
  cases.small("struct", name, [] { return joblib::hash(bench::record); });
}
