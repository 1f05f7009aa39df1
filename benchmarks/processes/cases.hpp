#pragma once

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <sched.h>

#include "../measure.hpp"

/// The cases that every contender runs, each through calls of its own. A program runs the one case
/// named on its command line; a contender that has nothing for a case prints nothing.
namespace bench {

/// Keeps this thread on the first core that it may use, or on the second one.
inline void keep_on_core(int position) {
  cpu_set_t allowed;
  sched_getaffinity(0, sizeof(allowed), &allowed);
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || position-- > 0) continue;
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(core, &only);
    sched_setaffinity(0, sizeof(only), &only);
    return;
  }
  std::cerr << "This case needs two cores.\n";
  std::exit(1);
}

class Cases {
 public:
  static constexpr int empty_tasks = 100'000;
  static constexpr std::size_t large = 100'000'000;  // bytes

  Cases(int argc, char** argv) {
    if (argc != 2) {
      std::cerr << "usage: " << argv[0] << " CASE\n";
      std::exit(2);
    }
    name_ = argv[1];
  }

  const std::string& name() const { return name_; }

  /// Whether the case is one of those with an array of `large` bytes.
  bool has_array() const {
    return name_ == "tasks_100" || name_.starts_with("argument") || name_.starts_with("result");
  }

  /// Runs `call` again and again if the case is `name`. Reports what one of `items` in it takes,
  /// in seconds by `factor`. `prepare` comes before each call and isn't timed.
  template <typename Prepare, typename Call>
  void time(std::string_view name, std::string_view contender, double items, double factor,
            Prepare prepare, Call call) const {
    if (name_ != name) return;
    std::vector<double> samples = time_long_calls(prepare, call);
    for (double& sample : samples) sample *= factor / items;
    report(name_, std::string(contender), samples);
  }

 private:
  std::string name_;
};

}  // namespace bench
