// A value to a file and back. Python reads the file with joblib.load("measured.pkl").

#include <iostream>
#include <joblib/persistence.hpp>
#include <map>
#include <string>
#include <vector>

using Columns = std::map<std::string, std::vector<double>>;

int main() {
  const Columns measured = {{"height", {1.62, 1.71, 1.85}}, {"weight", {58, 71.5, 80}}};
  joblib::dump(measured, "measured.pkl");

  const auto read = joblib::load<Columns>("measured.pkl");
  std::cout << read.at("height").size() << " heights, the last is " << read.at("height").back()
            << '\n';
}
