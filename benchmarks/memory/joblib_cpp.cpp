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
    fill(cached, 1000);
    cases.small("hit", name, true, cached);
    const joblib::Memory ram("results", {.backend = "memory", .verbose = 0});
    const auto in_ram = ram.cache("hit", successor);
    fill(in_ram, 1000);
    cases.small("ram_hit", name, true, in_ram);
    cases.small("miss", name, false, memory.cache("miss", successor));
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
    for (const int count : {1000, 1000000}) {
      const auto cached = memory.cache("many/" + std::to_string(count), successor);
      fill(cached, static_cast<int>(count * cases.scale()));
      cases.small(std::to_string(count), name, true, cached);
    }
  }
}
