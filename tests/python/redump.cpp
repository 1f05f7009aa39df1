// Loads files and dumps them again: redump, with a line for each on standard input:
// from, to, compressor or "none", level, protocol and threads, separated by tabs.

#include <iostream>
#include <sstream>
#include <string>

#include "joblib/persistence.hpp"

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream fields(line);
    std::string from, to, compressor;
    int level = 0, protocol = 4, n_threads = 1;
    std::getline(fields, from, '\t');
    std::getline(fields, to, '\t');
    std::getline(fields, compressor, '\t');
    fields >> level >> protocol >> n_threads;
    try {
      joblib::DumpOptions options{.protocol = protocol, .n_threads = n_threads};
      if (compressor != "none") options.compress = {compressor, level};
      joblib::dump(joblib::load(from), to, options);
    } catch (const joblib::Error& error) {
      std::cerr << from << ": " << error.what() << '\n';
      return 1;
    }
  }
}
