#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "../measure.hpp"

/// The cases that every contender runs, each through calls of its own. A program runs the one case
/// named on its command line; a contender that has nothing for a case prints nothing. Each leaves
/// its digests in FOLDER/QUANTITY.CONTENDER, so that others can compare theirs.
namespace bench {

namespace fs = std::filesystem;

struct Record {
  std::int64_t id;
  double value;
  std::string name;
};

inline const Record record{1, 0.5, "record"};

/// A map of 1,000 maps of 100 numbers each, the same as in problem.py.
template <template <typename...> typename Map>
Map<std::string, Map<std::string, double>> make_nested() {
  Map<std::string, Map<std::string, double>> nested;
  for (int i = 0; i < 1000; ++i) {
    auto& group = nested["group " + std::to_string(i)];
    for (int j = 0; j < 100; ++j) group["key " + std::to_string(j)] = i * j / 8.0;
  }
  return nested;
}

class Cases {
 public:
  Cases(int argc, char** argv) {
    if (argc != 4) {
      std::cerr << "usage: " << argv[0] << " CASE FOLDER SCALE\n";
      std::exit(2);
    }
    name_ = argv[1];
    folder_ = argv[2];
    scale_ = std::atof(argv[3]);
  }

  const std::string& name() const { return name_; }
  const fs::path& folder() const { return folder_; }

  /// hash(values) -> the digest of a vector of doubles. Bytes per second.
  template <typename Hash>
  void array(const std::string& algorithm, const std::string& contender, Hash hash) const {
    if (!name_.starts_with("array_")) return;
    const double megabytes = std::atof(name_.c_str() + name_.find('_') + 1) * scale_;
    std::vector<double> values(static_cast<std::size_t>(megabytes * 1e6) / sizeof(double));
    std::iota(values.begin(), values.end(), 0.0);
    const auto bytes = static_cast<double>(values.size() * sizeof(double));
    std::vector<double> samples =
        time_hashes(name_ + '_' + algorithm, contender, 1, [&] { return hash(values); });
    for (double& sample : samples) sample = bytes / sample;
    report(name_ + '_' + algorithm, contender, samples);
  }

  /// The digest of a nested map, by hash(). Milliseconds.
  template <typename Hash>
  void nested(const std::string& form, const std::string& contender, Hash hash) const {
    if (name_ == "nested") time_value(name_ + '_' + form, contender, 1, 1e3, hash);
  }

  /// The digest of a small value, by hash(). Microseconds.
  template <typename Hash>
  void small(const std::string& value, const std::string& contender, Hash hash) const {
    if (name_ == "small") time_value(name_ + '_' + value, contender, 1000, 1e6, hash);
  }

 private:
  /// Seconds of `calls` calls of hash() together, for each of several such rows.
  template <typename Hash>
  std::vector<double> time_hashes(const std::string& quantity, const std::string& contender,
                                  int calls, Hash hash) const {
    std::string digest;
    auto seconds = time_long_calls([] {},
                                   [&] {
                                     for (int i = 0; i < calls; ++i) digest = hash();
                                   });
    std::ofstream(folder_ / (quantity + '.' + contender)) << digest;
    return seconds;
  }

  template <typename Hash>
  void time_value(const std::string& quantity, const std::string& contender, int calls,
                  double units_per_second, Hash hash) const {
    std::vector<double> samples = time_hashes(quantity, contender, calls, hash);
    for (double& sample : samples) sample *= units_per_second / calls;
    report(quantity, contender, samples);
  }

  std::string name_;
  fs::path folder_;
  double scale_ = 1;
};

}  // namespace bench
