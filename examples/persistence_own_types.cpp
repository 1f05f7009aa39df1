// Types of one's own.

#include <boost/describe/class.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <joblib/persistence.hpp>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// [described]
struct Layer {
  std::string activation;
  std::vector<double> weights;
};
BOOST_DESCRIBE_STRUCT(Layer, (), (activation, weights))

struct Network {
  std::vector<Layer> layers;
  std::optional<double> dropout;
  std::map<std::string, std::variant<bool, int, std::string>> settings;
};
BOOST_DESCRIBE_STRUCT(Network, (), (layers, dropout, settings))
// [described]

// [pickler]
class Temperature {
 public:
  static Temperature from_kelvin(double kelvin) { return Temperature(kelvin); }
  double kelvin() const { return kelvin_; }

 private:
  explicit Temperature(double kelvin) : kelvin_(kelvin) {}
  double kelvin_;
};

template <>
struct joblib::pickler<Temperature> {
  static double to_state(const Temperature& temperature) { return temperature.kelvin(); }
  static Temperature from_state(double kelvin) { return Temperature::from_kelvin(kelvin); }
};
// [pickler]

int main() {
  // [dump]
  const Network network = {.layers = {{"relu", {0.5, -1}}, {"softmax", {2}}},
                           .dropout = {},
                           .settings = {{"bias", true}, {"epochs", 20}, {"optimizer", "adam"}}};
  joblib::dump(network, "network.pkl");
  const auto read = joblib::load<Network>("network.pkl");
  // [dump]
  std::cout << read.layers[1].activation << ' ' << std::get<int>(read.settings.at("epochs"))
            << '\n';
  std::cout << joblib::load("network.pkl") << '\n';

  const std::vector<Temperature> mild = {Temperature::from_kelvin(293)};
  joblib::dump(mild, "temperatures.pkl");
  std::cout << joblib::load<std::vector<Temperature>>("temperatures.pkl")[0].kelvin() << '\n';
}
