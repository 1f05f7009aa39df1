#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "../measure.hpp"

/// The cases that every contender runs, each through calls of its own. A program runs the one case
/// named on its command line; a contender that has nothing for a case prints nothing.
namespace bench {

class Cases {
 public:
  Cases(int argc, char** argv) {
    if (argc != 5) {
      std::cerr << "usage: " << argv[0] << " CASE FOLDER LARGE_FOLDER SCALE\n";
      std::exit(2);
    }
    name_ = argv[1];
    folder_ = std::filesystem::path(argv[name_ == "many" ? 3 : 2]) /
              std::filesystem::path(argv[0]).filename();
    scale_ = std::atof(argv[4]);
  }

  const std::string& name() const { return name_; }
  /// Of this contender.
  const std::filesystem::path& folder() const { return folder_; }
  /// Of this run, in which nothing has been before.
  std::filesystem::path new_folder() const { return folder_ / std::to_string(::getpid()); }
  double scale() const { return scale_; }

  /// What the case's name says: "array_1MB".
  std::vector<double> array() const {
    const double megabytes = std::atof(name_.c_str() + name_.find('_') + 1) * scale_;
    std::vector<double> values(static_cast<std::size_t>(megabytes * 1e6) / sizeof(double));
    std::iota(values.begin(), values.end(), 0.0);
    return values;
  }

  static constexpr int calls = 1000;

  /// call(i) for the numbers i below `calls` again and again, or for other ones each time.
  /// Microseconds of one call.
  template <typename Call>
  void small(std::string_view quantity, std::string_view contender, bool again, Call call) const {
    int next = 0;
    std::vector<double> samples = time_long_calls([&] { next = again ? 0 : next; },
                                                  [&] {
                                                    for (int i = 0; i < calls; ++i) call(next++);
                                                  });
    for (double& sample : samples) sample *= 1e6 / calls;
    report(name_ + '_' + std::string(quantity), std::string(contender), samples);
  }

  /// call(i) as above, again and again, in one process and in two. By how much more often two call.
  template <typename Call>
  void scaling(std::string_view contender, Call call) const {
    std::vector<double> samples;
    while (samples.size() < 5) {
      const auto alone = count_calls(call, std::chrono::steady_clock::now());
      std::array<int, 2> pipe{};
      if (::pipe(pipe.data()) != 0) std::exit(1);
      const auto start = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
      const pid_t child = ::fork();
      if (child == 0) {
        const double count = count_calls(call, start);
        std::_Exit(::write(pipe[1], &count, sizeof(count)) == sizeof(count) ? 0 : 1);
      }
      const double own = count_calls(call, start);
      double other = 0;
      if (::read(pipe[0], &other, sizeof(other)) != sizeof(other)) std::exit(1);
      ::waitpid(child, nullptr, 0);
      ::close(pipe[0]);
      ::close(pipe[1]);
      samples.push_back((own + other) / alone);
    }
    report(name_ + "_scaling", std::string(contender), samples);
  }

  /// Milliseconds of call().
  template <typename Call>
  void large(std::string_view quantity, std::string_view contender, Call call) const {
    std::vector<double> samples = time_long_calls([] {}, call);
    for (double& sample : samples) sample *= 1e3;
    report(name_ + '_' + std::string(quantity), std::string(contender), samples);
  }

 private:
  template <typename Call>
  static double count_calls(Call call, std::chrono::steady_clock::time_point start) {
    std::this_thread::sleep_until(start);
    double count = 0;
    const auto end = start + std::chrono::milliseconds(200);
    for (; std::chrono::steady_clock::now() < end; ++count) call(static_cast<int>(count) % calls);
    return count;
  }

  std::string name_;
  std::filesystem::path folder_;
  double scale_ = 1;
};

}  // namespace bench
