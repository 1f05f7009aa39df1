// Calls cached functions that Python has, too: memory_calls <location> <way>, where the way is
// "plain", "compressed", "mapped" or "verbose", with a line of standard input for each call. Prints
// "hit" or "miss" and the result of each.

#include <iostream>
#include <sstream>
#include <string>

#include "joblib/memory.hpp"
#include "joblib/numpy/ndarray.hpp"

namespace {

using joblib::Memory;

bool computed = false;

long add(long x, long y) {
  computed = true;
  return x + y;
}
std::string greet(const std::string& name, double times) {
  computed = true;
  return "Grüße " + name + " " + std::to_string(static_cast<int>(times));
}
double total(const joblib::ndarray<const double>& values, double factor, bool /*verbose*/) {
  computed = true;
  double sum = 0;
  for (const double value : values) sum += value * factor;
  return sum;
}
joblib::ndarray<const double> counting(long size) {
  computed = true;
  joblib::ndarray<double> values({static_cast<std::size_t>(size)});
  for (std::size_t i = 0; i < values.size(); ++i) values(i) = static_cast<double>(i);
  return values;
}

joblib::MemoryOptions options_of(const std::string& way) {
  joblib::MemoryOptions options{.verbose = way == "verbose" ? 1 : 0};
  if (way == "compressed") options.compress = true;
  if (way == "mapped") options.mmap_mode = joblib::MmapMode::r;
  return options;
}

}  // namespace

int main(int, char** argv) {
  const Memory memory(argv[1], options_of(argv[2]));
  const auto added = memory.cache("shared/add", add, {.args = {"x", "y"}, .version = ""});
  const auto greeted =
      memory.cache("shared/greet", greet, {.args = {"name", "times"}, .version = ""});
  const auto summed =
      memory.cache("shared/total", total,
                   {.ignore = {"verbose"}, .args = {"values", "factor", "verbose"}, .version = ""});
  const auto counted = memory.cache("shared/counting", counting, {.args = {"size"}, .version = ""});
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream fields(line);
    std::string function, name;
    long x = 0, y = 0;
    double number = 0;
    fields >> function;
    std::ostringstream result;
    computed = false;
    if (function == "add") {
      fields >> x >> y;
      result << added(x, y);
    } else if (function == "greet") {
      fields >> name >> number;
      result << greeted(name, number);
    } else if (function == "total") {
      fields >> x >> number >> y;
      const auto values = counted(x);
      computed = false;
      result << summed(values, number, y != 0);
    } else if (function == "counting") {
      fields >> x;
      const auto values = counted(x);
      result << values.size() << ' ' << values(x - 1) << (values.mapped() ? " mapped" : "");
    } else if (function == "entries") {
      for (const joblib::CacheEntry& entry : memory.entries()) {
        result << entry.function << '(';
        for (const auto& [argument, value] : entry.input_args)
          result << argument << '=' << value << ';';
        result << ") ";
      }
    } else if (function == "clear") {
      added.clear();
    }
    std::cout << (computed ? "miss " : "hit ") << result.str() << '\n';
  }
}
