// Streams, file descriptors and bytes in memory instead of files.

#include <fstream>
#include <iostream>
#include <joblib/persistence.hpp>
#include <map>
#include <string>
#include <vector>

int main() {
  // [stream]
  {
    std::ofstream log("log.pkls", std::ios::binary);
    for (const int step : {1, 2, 3}) joblib::dump(std::map<std::string, int>{{"step", step}}, log);
  }

  std::ifstream log("log.pkls", std::ios::binary);
  while (log.peek() != EOF) {
    const auto entry = joblib::load<std::map<std::string, int>>(log);  // the next one
    std::cout << "step " << entry.at("step") << '\n';
  }
  // [stream]

  // [memory]
  const joblib::bytes message = joblib::dumps(std::vector<double>{1, 2, 4}, {.compress = "zlib"});
  const auto values = joblib::loads<std::vector<double>>(message);
  // [memory]
  std::cout << values.size() << " values\n";
}
