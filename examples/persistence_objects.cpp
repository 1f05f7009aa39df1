// joblib::Object: whatever Python has written, and whatever Python shall read.

#include <iostream>
#include <joblib/persistence.hpp>
#include <map>
#include <string>
#include <vector>

using joblib::Object;

int main() {
  const std::string folder = EXAMPLES_DATA;

  // [read]
  const Object model = joblib::load(folder + "/random_forest.pkl.gz");
  std::cout << model.class_name() << '\n';
  std::cout << model.attr("criterion") << ", " << model.attr("max_depth") << '\n';

  const Object trees = model.attr("estimators_");
  const Object nodes = trees[0].attr("tree_").attr("nodes");  // an array of structures
  const auto thresholds = nodes["threshold"].as<joblib::ndarray<const double>>();
  std::cout << trees.size() << " trees, the first asks whether a pixel is <= " << thresholds(0)
            << '\n';
  // [read]

  // [walk]
  for (const Object& tree : trees) {
    if (tree.attr("tree_").attr("max_depth").as<int>() > 6) std::cout << "a deep one\n";
  }
  for (const auto& [name, value] : model.state().items()) {
    if (value.type() == Object::Type::boolean)
      std::cout << name.as<std::string>() << " = " << value << '\n';
  }
  // [walk]

  // [write]
  const Object settings = Object::dict({
      {Object("shape"), Object::tuple({Object(3), Object(4)})},
      {Object(1), Object::frozenset({Object("a"), Object("b")})},
      {Object("third"), Object::call(Object::global("fractions", "Fraction"), {Object("1/3")})},
      {Object("point"), Object::instance("types", "SimpleNamespace",
                                         Object(std::map<std::string, int>{{"x", 1}, {"y", 2}}))},
  });
  joblib::dump(settings, "settings.pkl");
  // [write]
  std::cout << settings << '\n';
  std::cout << std::boolalpha << (joblib::load("settings.pkl") == settings) << '\n';
}
