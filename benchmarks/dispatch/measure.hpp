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

/// Nanoseconds per item of calls that each handle `n`.
inline std::vector<double> per_item(std::size_t n, std::vector<double> seconds) {
  for (double& s : seconds) s *= 1e9 / static_cast<double>(n);
  return seconds;
}

/// One line: case, contender, median, minimum and maximum of the samples, separated by tabs.
inline void report(const std::string& name, const char* contender, std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  std::cout << name << '\t' << contender << '\t' << samples[samples.size() / 2] << '\t'
            << samples.front() << '\t' << samples.back() << std::endl;
}

/// The largest resident memory that this process ever had; 0 where Linux's /proc is missing.
inline double peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace bench
