// How results are kept: compressed, mapped, as objects in memory.

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/describe/class.hpp>

#include "compress/formats.hpp"
#include "joblib/numpy/ndarray.hpp"
#include "joblib/persistence.hpp"
#include "joblib/store/local.hpp"
#include "joblib/store/memory.hpp"
#include "joblib/store/two_tier.hpp"
#include "store/fault_store.hpp"
#include "tools.hpp"

namespace joblib::test {
namespace {

using Catch::Matchers::Contains;

ndarray<double> counting(int size) {
  ++calls;
  std::vector<double> values(static_cast<std::size_t>(size));
  std::iota(values.begin(), values.end(), 0);
  return ndarray<double>::adopt(std::move(values));
}
ndarray<const double> constant(int size) { return counting(size); }
double sum_of(const ndarray<const double>& values) {
  ++calls;
  return std::accumulate(values.begin(), values.end(), 0.0);
}
std::unique_ptr<int> owned(int x) {
  ++calls;
  return std::make_unique<int>(x);
}

struct Model {
  ndarray<double> values;
  std::vector<int> others;
};
BOOST_DESCRIBE_STRUCT(Model, (), (values, others))

struct Tree {
  int value = 0;
  std::vector<Tree> children = {};
};
BOOST_DESCRIBE_STRUCT(Tree, (), (value, children))

// Whose copies share what they hold.
struct Handle {
  std::shared_ptr<int> value;
};

struct Prefixed {
  std::string prefix;
  std::string operator()(int x) const { return prefix + std::to_string(x); }
};
BOOST_DESCRIBE_STRUCT(Prefixed, (), (prefix))

}  // namespace
}  // namespace joblib::test

template <>
struct joblib::pickler<joblib::test::Handle> {
  static int to_state(const test::Handle& handle) { return *handle.value; }
  static test::Handle from_state(int value) { return {std::make_shared<int>(value)}; }
};

namespace joblib::test {

TEST_CASE_METHOD(CacheFolder, "Callables of different states share no results") {
  for (const char first : {'a', 'b'}) {
    const auto cached = memory.cache("prefixed", Prefixed{std::string(100, first)});
    CHECK(cached(1).front() == first);
  }
}

TEST_CASE_METHOD(CacheFolder, "Results can be compressed in each format") {
  for (const std::string& format : joblib_test::formats()) {
    CAPTURE(format);
    const Memory compressing(folder.root(), {.compress = {format, 3}, .verbose = 0});
    const auto cached = compressing.cache("counting", counting);
    compressing.clear();
    CHECK(calls_of([&] { CHECK(cached(10'000) == cached(10'000)); }) == 1);
    CHECK(fs::file_size(entry() / "output.pkl") < 60'000);
    CHECK(calls_of([&] { CHECK(memory.cache("counting", counting)(10'000).size() == 10'000); }) ==
          0);
  }
}

TEST_CASE_METHOD(CacheFolder, "Results are mapped, those of the first call, too") {
  const Memory mapping(folder.root(), {.mmap_mode = MmapMode::r, .verbose = 0});
  const auto cached = mapping.cache("constant", constant);
  CHECK(cached(100).mapped());
  CHECK(cached(100).mapped());
  CHECK(cached(100) == counting(100));
  CHECK(cached.call(50).value.mapped());
  CHECK(cached.call_and_shelve(100).get().mapped());
  CHECK_FALSE(memory.cache("constant", constant)(100).mapped());
  CHECK(memory.cache("constant", constant, {.mmap_mode = MmapMode::r})(100).mapped());
}

TEST_CASE_METHOD(CacheFolder, "Mapped results that may be changed don't change the cache with c") {
  const auto cached = memory.cache("counting", counting, {.mmap_mode = MmapMode::c});
  cached(10)(3) = 100;
  CHECK(cached(10)(3) == 3);
}

TEST_CASE_METHOD(CacheFolder, "A mapped argument counts as the array that it is") {
  const Memory mapping(folder.root(), {.mmap_mode = MmapMode::r, .verbose = 0});
  const auto summed = mapping.cache("sum", sum_of);
  const auto mapped = mapping.cache("constant", constant)(100);
  REQUIRE(mapped.mapped());
  CHECK(calls_of([&] {
          CHECK(summed(mapped) == 4950);
          CHECK(summed(constant(100)) == 4950);
        }) == 2);  // constant() itself is one
}

TEST_CASE_METHOD(CacheFolder, "Compressed results can't be mapped") {
  std::vector<std::string> warnings;
  std::optional<Memory> both;
  warnings = logged(LogLevel::warning, [&] {
    both.emplace(folder.root(),
                 MemoryOptions{.mmap_mode = MmapMode::r, .compress = true, .verbose = 0});
  });
  REQUIRE_FALSE(warnings.empty());
  CHECK_THAT(warnings[0], Contains("Compressed results cannot be memmapped"));
  logged(LogLevel::warning, [&] {
    const auto cached = both->cache("constant", constant);
    CHECK(cached(100) == counting(100));
    CHECK(calls_of([&] { CHECK_FALSE(cached(100).mapped()); }) == 0);
  });
  CHECK(logged(LogLevel::warning, [&] {
          Memory(folder.root(), {.mmap_mode = MmapMode::r, .compress = false, .verbose = 0});
        }).empty());
}

TEST_CASE("Results can be kept in memory alone") {
  const Memory memory("unused", {.backend = "memory", .verbose = 0});
  const auto cached = memory.cache("square", square, {.args = {"x"}});
  CHECK(calls_of([&] { CHECK(cached(3) + cached(3) == 18); }) == 1);
  CHECK(memory.stats().hits == 1);
  CHECK(cached.check_call_in_cache(3));
  CHECK(calls_of([&] { CHECK(cached.call_and_shelve(3).get() == 9); }) == 0);
  REQUIRE(memory.entries().size() == 1);
  CHECK(memory.entries()[0].input_args.at(0).second == "3");
  cached(4);
  memory.reduce_size({.items_limit = 1});
  CHECK_FALSE(cached.check_call_in_cache(3));
  CHECK(cached.check_call_in_cache(4));
  memory.clear();
  CHECK(calls_of([&] { cached(3), cached(3); }) == 1);
  CHECK_FALSE(fs::exists("unused"));
}

TEST_CASE("A cache in memory keeps its limits") {
  const Memory memory(
      "",
      {.backend = "memory", .verbose = 0, .backend_options = {{"items_limit", std::int64_t{3}}}});
  const auto cached = memory.cache("square", square);
  for (int x = 0; x < 10; ++x) cached(x);
  CHECK(calls_of([&] { cached(9), cached(8), cached(7); }) == 0);
  CHECK_FALSE(cached.check_call_in_cache(6));
  CHECK(memory.entries().size() == 3);
}

TEST_CASE("A cache in memory keeps its limits for results that are no objects, too") {
  const Memory memory(
      "", {.backend = "memory", .verbose = 0, .backend_options = {{"bytes_limit", "100K"}}});
  const auto cached = memory.cache("counting", counting);
  for (int size = 1000; size < 1100; ++size) cached(size);
  CHECK(calls_of([&] { cached(1099), cached(1098); }) == 0);
  std::uint64_t bytes = 0;
  for (const CacheEntry& entry : memory.entries()) bytes += entry.size;
  CHECK(bytes > 50'000);
  CHECK(bytes <= 100 * 1024);
  CHECK_FALSE(cached.check_call_in_cache(1000));
}

TEST_CASE("A result above the limit of a cache in memory leaves nothing behind") {
  const Memory memory(
      "", {.backend = "memory", .verbose = 0, .backend_options = {{"bytes_limit", "1K"}}});
  const auto text = memory.cache(
      "text", [](int size) { return std::string(static_cast<std::size_t>(size), 'x'); });
  CHECK(text(5000).size() == 5000);
  CHECK(memory.entries().empty());
  CHECK(memory.cache("counting", counting)(5000).size() == 5000);
  CHECK(memory.entries().empty());
  CHECK(memory.cache("counting", counting).call_and_shelve(5000).get().size() == 5000);
}

TEST_CASE("Results that can only be moved are kept in memory, too") {
  const Memory memory("", {.backend = "memory", .verbose = 0});
  const auto cached = memory.cache("owned", owned);
  CHECK(calls_of([&] { CHECK(*cached(3) == *cached(3)); }) == 1);
}

TEST_CASE("Who changes an array from memory doesn't change the cache") {
  const Memory memory("", {.backend = "memory", .verbose = 0});
  const auto cached = memory.cache("counting", counting);
  cached(10)(3) = 100;
  CHECK(cached(10)(3) == 3);
  cached(10)(3) = 100;
  CHECK(cached(10)(3) == 3);
}

TEST_CASE("Who changes a part of a result from memory doesn't change the cache") {
  const Memory memory("", {.backend = "memory", .verbose = 0});
  const auto model = memory.cache("model", [](int size) { return Model{counting(size), {}}; });
  model(10).values(3) = 100;
  CHECK(model(10).values(3) == 3);
  const auto pair = memory.cache("pair", [](int size) { return std::array{counting(size)}; });
  pair(10)[0](3) = 100;
  CHECK(pair(10)[0](3) == 3);
  const auto nested = memory.cache("nested", [](int size) {
    return std::map<int, std::vector<Model>>{{1, {Model{counting(size), {1}}}}};
  });
  nested(10).at(1)[0].values(3) = 100;
  CHECK(nested(10).at(1)[0].values(3) == 3);
  const auto tree = memory.cache("tree", [](int value) { return Tree{value, {Tree{1}}}; });
  tree(10).children[0].value = 100;
  CHECK(tree(10).children.at(0).value == 1);
}

TEST_CASE_METHOD(CacheFolder, "A validator judges what is there, not what was read earlier") {
  static bool is_valid = true;
  static int factor = 1;
  const auto scaled = [](int x) { return x * factor; };
  const CacheOptions options = {.validate = [](const Metadata&) { return is_valid; }};
  // As two processes have it.
  const auto store = [&] {
    return std::make_shared<TwoTierStore>(make_local_store(folder.root().string()));
  };
  const Memory one("", {.backend = store(), .verbose = 0});
  const Memory other("", {.backend = store(), .verbose = 0});
  const auto here = one.cache("scaled", scaled, options);
  const auto there = other.cache("scaled", scaled, options);
  CHECK(here(2) == 2);
  factor = 10;
  is_valid = false;
  CHECK(there(2) == 20);
  is_valid = true;
  CHECK(here(2) == 20);
  CHECK(there(2) == 20);
}

TEST_CASE_METHOD(CacheFolder, "Memory in front of a store serves what it has seen") {
  const auto files = make_local_store(folder.root().string());
  memory.cache("square", square)(3);
  const Memory tiers("", {.backend = std::make_shared<TwoTierStore>(files), .verbose = 0});
  const auto cached = tiers.cache("square", square);
  CHECK(calls_of([&] { cached(3), cached(4); }) == 1);
  for (const CacheEntry& kept : memory.entries())
    folder.write("joblib/" + kept.function + '/' + kept.args_id + "/output.pkl", "damaged");
  CHECK(logged(LogLevel::warning, [&] {
          CHECK(calls_of([&] { CHECK(cached(3) + cached(4) == 25); }) == 0);
        }).empty());
  tiers.clear();
  CHECK(calls_of([&] { cached(3); }) == 1);
}

TEST_CASE_METHOD(CacheFolder, "What is replaced or removed while it is read is not kept") {
  static int factor = 1;
  factor = 1;
  std::function<void()> meanwhile;
  const auto slow = std::make_shared<FaultStore>(make_local_store(folder.root().string()),
                                                 [&](std::string_view operation, const auto&) {
                                                   if (operation == "read" && meanwhile)
                                                     std::exchange(meanwhile, {})();
                                                 });
  const auto scaled = [](int x) { return x * factor; };
  memory.cache("scaled", scaled)(2);
  const Memory tiers("", {.backend = std::make_shared<TwoTierStore>(slow), .verbose = 0});
  const auto cached = tiers.cache("scaled", scaled);
  const auto checked =
      tiers.cache("scaled", scaled, {.validate = [](const Metadata&) { return true; }});
  factor = 10;
  SECTION("replaced") {
    meanwhile = [&] { CHECK(cached.call(2).value == 20); };
  }
  SECTION("replaced by who keeps no objects") {
    meanwhile = [&] { CHECK(checked.call(2).value == 20); };
  }
  SECTION("removed") {
    meanwhile = [&] { cached.clear(); };
  }
  CHECK(cached(2) == 2);
  CHECK(meanwhile == nullptr);
  CHECK(cached(2) == 20);
}

TEST_CASE("Objects whose copies may share what they hold are kept as bytes") {
  const Memory memory("", {.backend = "memory", .verbose = 0});
  const auto handle = memory.cache("handle", [](int value) {
    ++calls;
    return Handle{std::make_shared<int>(value)};
  });
  *handle(7).value = 99;
  CHECK(calls_of([&] { CHECK(*handle(7).value == 7); }) == 0);
}

TEST_CASE("A cache in memory keeps also what is to be mapped") {
  const Memory memory("", {.backend = "memory", .mmap_mode = MmapMode::r, .verbose = 0});
  const auto cached = memory.cache("square", square);
  CHECK(calls_of([&] { CHECK(cached(3) + cached(3) == 18); }) == 1);
}

TEST_CASE_METHOD(CacheFolder, "Containers of what can only be moved can be results") {
  const auto owners = memory.cache("owners", [](int x) {
    ++calls;
    std::map<int, std::vector<std::unique_ptr<int>>> result;
    result[x].push_back(std::make_unique<int>(x));
    return result;
  });
  CHECK(calls_of([&] {
          CHECK(*owners(3).at(3).at(0) == 3);
          CHECK(*owners.call_and_shelve(3).get().at(3).at(0) == 3);
        }) == 1);
}

TEST_CASE("A store of files may wait for the disk") {
  const FileTree folder;
  const Memory memory(folder.root(), {.verbose = 0, .backend_options = {{"fsync", true}}});
  CHECK(calls_of([&] { CHECK(memory.cache("square", square)(3) == 9); }) == 1);
  CHECK(calls_of([&] { CHECK(memory.cache("square", square)(3) == 9); }) == 0);
  const auto refused = [&](const StoreOptions& options) {
    return error_text([&] { Memory(folder.root(), {.backend_options = options}); });
  };
  CHECK(refused({{"fsync", "yes"}}) == "The store option 'fsync' must be true or false.");
  CHECK_THAT(refused({{"sync", true}}), Catch::Matchers::Contains("which has 'fsync'"));
}

TEST_CASE_METHOD(CacheFolder, "An object takes the room of what it is, not of its file") {
  const auto text = [](int x) { return std::string(10'000, static_cast<char>('a' + x)); };
  for (const bool is_new : {true, false}) {
    CAPTURE(is_new);
    const auto tiers = std::make_shared<TwoTierStore>(make_local_store(folder.root().string()));
    const Memory packed("", {.backend = tiers, .compress = true, .verbose = 0});
    packed.cache("text", text)(1);
    std::uint64_t bytes = 0;
    tiers->objects()->list("", [&](const StoreItem& object) {
      bytes += object.size;
      return true;
    });
    CHECK(bytes > 10'000);
    CHECK(memory.entries().at(0).size < 1000);
  }
}

TEST_CASE_METHOD(CacheFolder, "What is used in front of a store is used in the store") {
  const auto tiers = std::make_shared<TwoTierStore>(make_local_store(folder.root().string()));
  const Memory in_front("", {.backend = tiers, .verbose = 0});
  const auto cached = in_front.cache("square", square);
  cached(3);
  const std::string output = (entry() / "output.pkl").string();
  const std::array<timespec, 2> long_ago = {};
  REQUIRE(::utimensat(AT_FDCWD, output.c_str(), long_ago.data(), 0) == 0);
  const auto begin = std::chrono::system_clock::now() - std::chrono::seconds(1);
  CHECK(calls_of([&] { cached(3); }) == 0);
  CHECK(memory.entries().at(0).last_access >= begin);
}

}  // namespace joblib::test
