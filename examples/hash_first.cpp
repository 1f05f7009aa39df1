// The digest of a value, in C++ and in Python.

#include <iostream>
#include <joblib/hash.hpp>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

int main() {
  // [first]
  const std::map<std::string, std::vector<double>> measured = {{"height", {1.62, 1.71, 1.85}},
                                                               {"weight", {58, 71.5, 80}}};
  std::cout << joblib::hash(measured) << '\n';
  // [first]

  // [alike]
  const std::unordered_map<std::string, std::vector<double>> unordered(measured.begin(),
                                                                       measured.end());
  std::cout << std::boolalpha << (joblib::hash(unordered) == joblib::hash(measured)) << '\n';
  // [alike]

  // [options]
  std::cout << joblib::hash(measured, {.name = "sha1"}) << '\n';
  std::cout << joblib::hash(1, {.dtype_protocol = 5, .numpy_version = 2}) << '\n';
  // [options]
}
