#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "../measure.hpp"

/// The cases that every contender runs, each through calls of its own. A program runs the one case
/// named on its command line; a contender that has nothing for a case prints nothing.
namespace bench {

class Cases {
 public:
  Cases(int argc, char** argv) {
    if (argc != 4) {
      std::cerr << "usage: " << argv[0] << " CASE FOLDER SCALE\n";
      std::exit(2);
    }
    name_ = argv[1];
    folder_ = std::filesystem::path(argv[2]) / std::filesystem::path(argv[0]).filename();
    scale_ = std::atof(argv[3]);
  }

  const std::string& name() const { return name_; }
  /// Of this contender.
  const std::filesystem::path& folder() const { return folder_; }
  double scale() const { return scale_; }

  /// What the case's name says: "array_1MB".
  std::vector<double> array() const {
    const double megabytes = std::atof(name_.c_str() + name_.find('_') + 1) * scale_;
    std::vector<double> values(static_cast<std::size_t>(megabytes * 1e6) / sizeof(double));
    std::iota(values.begin(), values.end(), 0.0);
    return values;
  }

  /// call(i) for small numbers i that were called before, or that come for the first time.
  /// Microseconds of one call.
  template <typename Call>
  void small(std::string_view quantity, std::string_view contender, bool again, Call call) const {
    constexpr int calls = 1000;
    int next = 0;
    std::vector<double> samples = time_long_calls([&] { next = again ? 0 : next; },
                                                  [&] {
                                                    for (int i = 0; i < calls; ++i) call(next++);
                                                  });
    for (double& sample : samples) sample *= 1e6 / calls;
    report(name_ + '_' + std::string(quantity), std::string(contender), samples);
  }

  /// Milliseconds of call().
  template <typename Call>
  void large(std::string_view quantity, std::string_view contender, Call call) const {
    std::vector<double> samples = time_long_calls([] {}, call);
    for (double& sample : samples) sample *= 1e3;
    report(name_ + '_' + std::string(quantity), std::string(contender), samples);
  }

 private:
  std::string name_;
  std::filesystem::path folder_;
  double scale_ = 1;
};

}  // namespace bench
