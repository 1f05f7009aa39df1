#include <algorithm>
#include <random>

#include <joblib/memory.hpp>

#include "cases.hpp"

namespace {

int successor(int x) { return x + 1; }

using Array = std::vector<double>;
using Mapped = joblib::ndarray<const double>;

Array same(const Array& values) { return values; }
Mapped same_mapped(const Array& values) { return joblib::loads<Mapped>(joblib::dumps(values)); }

template <typename Function>
void fill(const Function& cached, int count) {
  for (int i = 0; i < count; ++i) cached(i);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  const std::string name = "joblib-cpp";
  const joblib::Memory memory(cases.folder(), {.verbose = 0});

  if (cases.name() == "small") {
    const auto cached = memory.cache("hit", successor);
    fill(cached, cases.calls);
    cases.small("hit", name, true, cached);
    cases.scaling(name, cached);
    const joblib::Memory ram("results", {.backend = "memory", .verbose = 0});
    const auto in_ram = ram.cache("hit", successor);
    fill(in_ram, cases.calls);
    cases.small("ram_hit", name, true, in_ram);
    const joblib::Memory empty(cases.new_folder(), {.verbose = 0});
    cases.small("miss", name, false, empty.cache("miss", successor));
  }

  if (cases.name().starts_with("array_")) {
    const Array values = cases.array();
    const auto cached = memory.cache("same", same);
    cached(values);
    cases.large("hit", name, [&] { return cached(values); });
    if (cases.name() == "array_100MB") {
      const auto mapped =
          memory.cache("same_mapped", same_mapped, {.mmap_mode = joblib::MmapMode::r});
      mapped(values);
      cases.large("mapped", name, [&] { return mapped(values); });
      const auto kept = joblib::hashed(values, {.name = "xxh3"});
      mapped(kept);
      cases.large("hashed", name, [&] { return mapped(kept); });
    }
  }

  if (cases.name() == "many") {
    std::vector<int> numbers(static_cast<std::size_t>(1e6 * cases.scale()));
    std::iota(numbers.begin(), numbers.end(), 0);
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937());
    const auto number = [&](int i) {
      return numbers[static_cast<std::size_t>(i) % numbers.size()];
    };
    const auto few = memory.cache("few", successor);
    const auto many = memory.cache("many", successor);
    for (int i = 0; i < cases.calls; ++i) few(number(i));
    for (const int i : numbers) many(i);
    cases.small("hot", name, true, [&](int i) { many(number(i)); });
    cases.small("hot", "1,000 results", true, [&](int i) { few(number(i)); });
    cases.small("random", name, false, [&](int i) { many(number(i)); });
  }
}
