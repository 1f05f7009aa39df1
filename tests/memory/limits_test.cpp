// What a cache tells of itself, and how it is kept small.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include "joblib/store/local.hpp"
#include "tools.hpp"

namespace joblib::test {
namespace {

using namespace std::chrono_literals;

std::string thousand(int x) {
  ++calls;
  return std::string(1000, static_cast<char>('a' + x % 26));
}

struct Limited : CacheFolder {
  // As if the result had been used last some time ago.
  void age(int x, std::chrono::seconds seconds) const {
    for (const CacheEntry& entry : memory.entries()) {
      if (entry.input_args.at(0).second != std::to_string(x)) continue;
      const fs::path output = root / entry.function / entry.args_id / "output.pkl";
      const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
      // Written earlier, so that no mount option makes the kernel record a use.
      const timespec times[] = {{now - seconds.count(), 0}, {now - seconds.count() - 60, 0}};
      REQUIRE(::utimensat(AT_FDCWD, output.c_str(), times, 0) == 0);
      return;
    }
    FAIL("no entry of " << x);
  }

  MemorizedFunc<std::string (*)(int)> cached =
      memory.cache("thousand", thousand, {.args = {"x"}, .version = ""});
};

// Counts how often somebody goes through all of it.
class CountingStore final : public StoreBackend {
 public:
  explicit CountingStore(const fs::path& root) : store_(root) {}

  std::string location() const override { return store_.location(); }
  std::unique_ptr<ByteSource> open(const std::string& name) override { return store_.open(name); }
  std::unique_ptr<ByteSink> create(const std::string& name) override { return store_.create(name); }
  bool exists(const std::string& name) override { return store_.exists(name); }
  void list(const std::string& folder,
            const std::function<bool(const StoreItem&)>& visit) override {
    if (folder.empty()) ++scans;
    store_.list(folder, visit);
  }
  void remove(const std::string& name) override { store_.remove(name); }
  void touch(const std::string& name) override { store_.touch(name); }

  std::atomic<int> scans = 0;

 private:
  LocalStore store_;
};

// Has no end, if nobody wants one.
class EndlessStore final : public StoreBackend {
 public:
  std::string location() const override { return "endless"; }
  std::unique_ptr<ByteSource> open(const std::string&) override { return nullptr; }
  std::unique_ptr<ByteSink> create(const std::string&) override {
    throw Error(errc::io_error, "full");
  }
  bool exists(const std::string&) override { return false; }
  void list(const std::string&, const std::function<bool(const StoreItem&)>& visit) override {
    const std::string ids[] = {std::string(32, '0'), std::string(32, '1')};
    bool goes_on = true;
    for (std::size_t i = 0; goes_on; ++i) {
      goes_on = visit({.name = ids[i % 2] + "/output.pkl", .size = 1, .last_access = {}});
      scanning = true;
      scanning.notify_all();
    }
  }
  void remove(const std::string&) override {}
  void touch(const std::string&) override {}

  std::atomic<bool> scanning = false;
};

}  // namespace

TEST_CASE_METHOD(Limited, "Entries tell what they are") {
  CHECK(memory.entries().empty());
  const auto begin = std::chrono::system_clock::now() - 1s;
  cached(1);
  memory.cache("square", square, {.version = "2"})(3);
  auto entries = memory.entries();
  REQUIRE(entries.size() == 2);
  if (entries[0].function != "thousand") std::swap(entries[0], entries[1]);
  CHECK(entries[0].function == "thousand");
  CHECK(entries[0].args_id == "d3ffa92536e9b2aeb96c6d0e11ccd857");
  CHECK(entries[0].input_args == std::vector<std::pair<std::string, std::string>>{{"x", "1"}});
  CHECK(entries[0].size > 1000);
  CHECK(entries[0].size < 1400);
  CHECK(entries[0].last_access >= begin);
  CHECK(entries[0].duration.count() > 0);
  CHECK(entries[1].function == "square/version=2");
  CHECK(entries[1].input_args.at(0) == std::pair<std::string, std::string>("*", "[3]"));
  memory.remove(entries[0]);
  CHECK_FALSE(cached.check_call_in_cache(1));
  CHECK(memory.entries().size() == 1);
  CHECK_NOTHROW(memory.remove(entries[0]));
}

TEST_CASE_METHOD(Limited, "A Memory counts what it does") {
  cached(1), cached(1), cached(2), cached(1);
  const MemoryStats stats = memory.stats();
  CHECK(stats.hits == 2);
  CHECK(stats.misses == 2);
  CHECK(stats.store_errors == 0);
  CHECK(stats.bytes > 2000);
  CHECK(stats.bytes < 2800);
  CHECK(stats.time_saved.count() > 0);
  const Memory other(folder.root(), {.verbose = 0});
  CHECK(other.stats().hits == 0);
  const auto slow = [&] {
    return other.cache("thousand", thousand, {.args = {"x"}, .version = ""});
  };
  folder.write("joblib/thousand/d3ffa92536e9b2aeb96c6d0e11ccd857/metadata.json",
               R"({"duration": 100.0, "input_args": {"x": "1"}, "time": 1e9})");
  slow()(1), slow()(1);
  CHECK(other.stats().time_saved.count() == Approx(200));
}

TEST_CASE_METHOD(Limited, "The entries that were used least recently go first") {
  for (int x = 1; x <= 5; ++x) cached(x);
  for (int x = 1; x <= 5; ++x) age(x, std::chrono::hours(10 - x));
  cached(1);
  memory.reduce_size({.items_limit = 3});
  CHECK(cached.check_call_in_cache(1));
  CHECK_FALSE(cached.check_call_in_cache(2));
  CHECK_FALSE(cached.check_call_in_cache(3));
  CHECK(cached.check_call_in_cache(4));
  CHECK(cached.check_call_in_cache(5));
}

TEST_CASE_METHOD(Limited, "All limits hold at once") {
  for (int x = 1; x <= 6; ++x) cached(x);
  for (int x = 1; x <= 6; ++x) age(x, std::chrono::hours(10 - x));
  memory.reduce_size({});
  CHECK(memory.entries().size() == 6);
  memory.reduce_size({.items_limit = 6, .age_limit = 8h + 30min});
  CHECK(memory.entries().size() == 5);
  memory.reduce_size({.bytes_limit = "4K", .items_limit = 5, .age_limit = std::chrono::days(5)});
  CHECK(memory.entries().size() == 3);
  memory.reduce_size({.items_limit = 2, .age_limit = std::chrono::years(10'000)});
  CHECK(memory.entries().size() == 2);
  CHECK(cached.check_call_in_cache(6));
  memory.reduce_size({.age_limit = 0s});
  memory.reduce_size({.bytes_limit = 0});
  CHECK(memory.entries().empty());
  CHECK_THROWS_AS(memory.reduce_size({.age_limit = -1s}), Error);
}

TEST_CASE_METHOD(Limited, "Only results go, whatever else lies in the folder") {
  cached(1);
  folder.write("joblib/thousand/func_code.py", "# first line: 1\n");
  folder.write("joblib/notes/3f/output.pkl", "");
  folder.write("joblib/thousand/d3ffa92536e9b2aeb96c6d0e11ccd857/left", "");
  memory.reduce_size({.items_limit = 0});
  CHECK(fs::exists(root / "thousand/func_code.py"));
  CHECK(fs::exists(root / "notes/3f/output.pkl"));
  CHECK_FALSE(fs::exists(root / "thousand/d3ffa92536e9b2aeb96c6d0e11ccd857"));
}

TEST_CASE_METHOD(Limited, "Limits of a Memory are kept while it is used") {
  for (int x = 0; x < 50; ++x) cached(x);
  const SizeLimits limits =
      GENERATE(SizeLimits{.items_limit = 20}, SizeLimits{.bytes_limit = "20K"},
               SizeLimits{.bytes_limit = "1G", .items_limit = 20});
  const Memory limited(folder.root(), {.verbose = 0, .limits = limits});
  const auto holds = [&] { return memory.entries().size() <= 20; };
  CHECK(repeat_until([] {}, holds));  // also of what was there before
  const auto again = limited.cache("thousand", thousand, {.args = {"x"}, .version = ""});
  for (int x = 100; x < 200; ++x) CHECK(again(x).size() == 1000);
  CHECK(repeat_until([] {}, holds));
  CHECK(memory.entries().size() > 5);
}

TEST_CASE_METHOD(Limited, "Limits are kept without going through the store again and again") {
  const auto store = std::make_shared<CountingStore>(root);
  const Memory limited(std::filesystem::path(),
                       {.backend = store, .verbose = 0, .limits = {.items_limit = 200}});
  const auto again = limited.cache("thousand", thousand, {.args = {"x"}, .version = ""});
  for (int x = 0; x < 2000; ++x) CHECK(again(x).size() == 1000);
  CHECK(repeat_until([] {}, [&] { return memory.entries().size() <= 200; }));
  CHECK(store->scans < 100);  // a 20th of the limit has been added 200 times
}

TEST_CASE_METHOD(Limited, "What was used stays, though the queue doesn't know of it") {
  const Memory limited(folder.root(), {.verbose = 0, .limits = {.items_limit = 40}});
  const auto again = limited.cache("thousand", thousand, {.args = {"x"}, .version = ""});
  for (int x = 0; x < 300; ++x) {
    again(1000);
    again(x);
  }
  CHECK(repeat_until([] {}, [&] { return memory.entries().size() <= 40; }));
  CHECK(calls_of([&] { again(1000); }) == 0);
}

TEST_CASE_METHOD(Limited, "What others add counts, too") {
  const SizeLimits limits{.items_limit = 40};
  const Memory one(folder.root(), {.verbose = 0, .limits = limits});
  const Memory two(folder.root(), {.verbose = 0, .limits = limits});
  const auto first = one.cache("thousand", thousand, {.args = {"x"}, .version = ""});
  const auto second = two.cache("thousand", thousand, {.args = {"x"}, .version = ""});
  for (int x = 0; x < 200; ++x) {
    first(x);
    second(1000 + x);
  }
  CHECK(repeat_until([] {}, [&] { return memory.entries().size() <= 60; }));
}

TEST_CASE_METHOD(Limited, "Each use is recorded, whatever the file system records") {
  cached(1);
  age(1, 2h);
  const auto use = [&](const auto& function) {
    SECTION("to read it") { function(1); }
    SECTION("to shelve it") { function.call_and_shelve(1); }
  };
  SECTION("a file") { use(cached); }
  SECTION("a map") {
    const CacheOptions options{.mmap_mode = MmapMode::r, .args = {"x"}, .version = ""};
    use(memory.cache("thousand", thousand, options));
  }
  CHECK(memory.entries().at(0).last_access > std::chrono::system_clock::now() - 1h);
  CHECK(memory.stats().hits == 1);
}

TEST_CASE("A Memory ends though its limits are still looked after") {
  const auto store = std::make_shared<EndlessStore>();
  const Memory memory("", {.backend = store, .verbose = 0, .limits = {.items_limit = 1}});
  store->scanning.wait(false);
}

TEST_CASE_METHOD(Limited, "A limit of age is not negative") {
  CHECK_THROWS_AS(Memory(folder.root(), {.limits = {.age_limit = std::chrono::seconds(-1)}}),
                  Error);
}

TEST_CASE_METHOD(Limited, "A limit of age is kept without calls") {
  cached(1), cached(2);
  age(1, 2h);
  const Memory limited(folder.root(), {.verbose = 0, .limits = {.age_limit = 1h}});
  CHECK(repeat_until([] {}, [&] { return !cached.check_call_in_cache(1); }));
  CHECK(cached.check_call_in_cache(2));
}

}  // namespace joblib::test
