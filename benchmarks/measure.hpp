#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace bench {

/// Seconds of one call.
template <typename Call>
double time_call(Call&& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Seconds of each of `repetitions` calls, after a tenth as many that aren't counted.
template <typename Call>
std::vector<double> time_calls(int repetitions, Call call) {
  std::vector<double> seconds;
  for (int i = -(repetitions / 10 + 1); i < repetitions; ++i) {
    const double t = time_call(call);
    if (i >= 0) seconds.push_back(t);
  }
  return seconds;
}

/// The same for a call with a result: the last one stays in `result`; destruction isn't timed.
template <typename Call, typename Result>
std::vector<double> time_calls(int repetitions, Call call, Result& result) {
  std::vector<double> seconds;
  for (int i = -(repetitions / 10 + 1); i < repetitions; ++i) {
    result = Result();
    const double t = time_call([&] { result = call(); });
    if (i >= 0) seconds.push_back(t);
  }
  return seconds;
}

/// Seconds of each of the calls that fit into half a second, at least one. The first call isn't
/// counted if it leaves time for another. `prepare` is called before each and isn't timed.
template <typename Prepare, typename Call>
std::vector<double> time_long_calls(Prepare prepare, Call call) {
  std::vector<double> seconds;
  double total = 0;
  do {
    prepare();
    seconds.push_back(time_call(call));
    total += seconds.back();
  } while (total < 0.5);
  if (seconds.size() > 1) seconds.erase(seconds.begin());
  return seconds;
}

/// Nanoseconds per item of calls that each handle `n`.
inline std::vector<double> per_item(std::size_t n, std::vector<double> seconds) {
  for (double& s : seconds) s *= 1e9 / static_cast<double>(n);
  return seconds;
}

/// One line: case, contender, median, minimum and maximum of the samples, separated by tabs.
inline void report(const std::string& name, const std::string& contender,
                   std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  std::cout << name << '\t' << contender << '\t' << samples[samples.size() / 2] << '\t'
            << samples.front() << '\t' << samples.back() << std::endl;
}

/// A line of /proc/self/status, "VmHWM:" or "VmRSS:", in bytes; 0 where Linux's /proc is missing.
inline double memory_status(const std::string& key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kilobytes = 0;
    if (word == key && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

/// The largest resident memory that this process ever had, or since the reset.
inline double peak_resident_bytes() { return memory_status("VmHWM:"); }

/// Sets the peak to what is resident now, and returns that.
inline double reset_peak_resident_bytes() {
  std::ofstream("/proc/self/clear_refs") << 5;
  return memory_status("VmRSS:");
}

}  // namespace bench
