// What can be cached, and how calls are told from each other.

#include <chrono>
#include <cmath>
#include <iostream>
#include <joblib/memory.hpp>
#include <string>
#include <vector>

namespace {

double norm(const std::vector<double>& data, double power, bool verbose) {
  if (verbose) std::cout << "power " << power << '\n';
  double sum = 0;
  for (const double x : data) sum += std::pow(std::fabs(x), power);
  return std::pow(sum, 1 / power);
}

}  // namespace

int main() {
  const joblib::Memory memory("cachedir", {.verbose = 0});
  const std::vector<double> data(1000, 0.5);

  {
    // [names]
    const auto cached = memory.cache("features/norm", norm,
                                     {.ignore = {"verbose"}, .args = {"data", "power", "verbose"}});
    cached(data, 2, true);
    cached(data, 2, false);  // the same call: `verbose` makes no difference
    std::cout << std::boolalpha << cached.check_call_in_cache(data, 2, false) << '\n';
    // [names]
    cached.clear();
  }

  {
    // [lambda]
    const double scale = 10;
    const auto scaled =
        memory.cache("features/scaled", [scale](double x) { return scale * x; }, {.state = scale});
    std::cout << scaled(1.5) << '\n';
    // [lambda]
    scaled.clear();
  }

  {
    // [versions]
    const auto cached = memory.cache("features/norm", norm, {.version = "2, with powers below 1"});
    // [versions]
    cached.clear();
  }

  {
    // [validate]
    using namespace std::chrono_literals;
    const auto cached =
        memory.cache("features/norm", norm, {.validate = joblib::expires_after(24h)});
    // [validate]
    cached.clear();
  }

  {
    // [hashed]
    const auto large = joblib::hashed(data);
    const auto cached = memory.cache("features/norm_of_large", norm);
    cached(large, 1, false);
    cached(large, 2, false);  // `data` has been hashed once for both
    // [hashed]
    cached.clear();
  }

  {
    // [shelve]
    const auto cached = memory.cache("features/norm", norm);
    const joblib::MemorizedResult<double> result = cached.call_and_shelve(data, 2, false);
    std::cout << result.get() << '\n';
    // [shelve]
    cached.clear();
  }

  // [look]
  for (const joblib::CacheEntry& entry : memory.entries())
    std::cout << entry.function << ": " << entry.size << " bytes\n";
  const joblib::MemoryStats stats = memory.stats();
  std::cout << stats.hits << " hits, " << stats.misses << " misses\n";
  memory.reduce_size({.bytes_limit = "1G", .age_limit = std::chrono::days(30)});
  // [look]
  memory.clear();
}
