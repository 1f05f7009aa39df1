#include "joblib/store/object_cache.hpp"

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "store/tools.hpp"

using joblib::ObjectCache;
using joblib::ObjectLimits;
using joblib::StoreItem;
using joblib::test::Names;

namespace {

void keep(ObjectCache& cache, const std::string& name, int value, std::uint64_t bytes = 1) {
  cache.keep(name, std::make_shared<const int>(value), bytes);
}

int value_of(ObjectCache& cache, const std::string& name) {
  const auto object = cache.find<int>(name);
  return object != nullptr ? *object : -1;
}

Names names_in(const ObjectCache& cache, const std::string& folder = "") {
  Names names;
  cache.list(folder, [&](const StoreItem& item) { return names.insert(item.name).second; });
  return names;
}

}  // namespace

TEST_CASE("An object is found by its name and type") {
  ObjectCache cache;
  const auto object = std::make_shared<const std::string>("text");
  cache.keep("f/1", object, 4);
  CHECK(cache.find<std::string>("f/1") == object);
  CHECK(cache.find<int>("f/1") == nullptr);
  CHECK(cache.find<std::string>("f") == nullptr);
  CHECK(cache.contains("f/1"));
  CHECK_FALSE(cache.contains("f"));
  keep(cache, "f/1", 7);
  CHECK(cache.find<std::string>("f/1") == nullptr);
  CHECK(value_of(cache, "f/1") == 7);
  CHECK(object.use_count() == 1);
}

TEST_CASE("An object that was read is not kept after a change") {
  ObjectCache cache;
  const auto keep_read = [&](std::uint64_t changes) {
    cache.keep("read", std::make_shared<const int>(1), 1, changes);
    return cache.contains("read");
  };
  CHECK(keep_read(cache.changes("read")));
  const std::uint64_t before = cache.changes("read");
  SECTION("kept") { keep(cache, "read", 2); }
  SECTION("removed") { cache.remove("read"); }
  CHECK(keep_read(before) == cache.contains("read"));
  CHECK(value_of(cache, "read") != 1);
  CHECK(keep_read(cache.changes("read")));
  CHECK(value_of(cache, "read") == 1);
}

TEST_CASE("The objects that were used last stay within the limit of items") {
  std::vector<std::string> evicted;
  ObjectCache cache({.items = 2}, [&](const std::string& name) { evicted.push_back(name); });
  keep(cache, "a", 1);
  keep(cache, "b", 2);
  CHECK(value_of(cache, "a") == 1);
  keep(cache, "c", 3);
  CHECK(names_in(cache) == Names{"a", "c"});
  keep(cache, "c", 4);
  CHECK(names_in(cache) == Names{"a", "c"});
  cache.remove("a");
  CHECK(evicted == std::vector<std::string>{"b"});
  CHECK(value_of(cache, "c") == 4);
}

TEST_CASE("The objects that were used last stay within the limit of bytes") {
  ObjectCache cache({.bytes = 10});
  keep(cache, "a", 1, 5);
  keep(cache, "b", 2, 5);
  keep(cache, "c", 3, 1);
  CHECK(names_in(cache) == Names{"b", "c"});
  keep(cache, "c", 4, 10);
  CHECK(names_in(cache) == Names{"c"});
  keep(cache, "d", 5, 11);
  CHECK(names_in(cache) == Names{"c"});
  keep(cache, "c", 6, UINT64_MAX);  // in place of one that is there, which goes
  CHECK(names_in(cache).empty());
  keep(cache, "zero", 7, 0);
  keep(cache, "all", 8, 10);
  CHECK(names_in(cache) == Names{"zero", "all"});
}

TEST_CASE("Uses are told, but not all of them where there are many") {
  std::vector<std::string> used;
  ObjectCache cache({}, {}, [&](const std::string& name) {
    used.push_back(name);
    CHECK(value_of(cache, name) == 1);  // which is not told again
  });
  keep(cache, "a", 1);
  keep(cache, "b", 1);
  CHECK(used.empty());
  for (const char* name : {"a", "a", "b", "c", "a"}) value_of(cache, name);
  CHECK(used == std::vector<std::string>{"a", "b"});
}

TEST_CASE("Without room nothing is kept") {
  ObjectCache cache(GENERATE(ObjectLimits{.items = 0}, ObjectLimits{.bytes = 0}));
  keep(cache, "a", 1);
  CHECK(names_in(cache).empty());
}

TEST_CASE("Objects are removed and listed by folder") {
  ObjectCache cache;
  for (const char* name : {"f/1/x", "f/1", "f/2", "f-/1", "f", "ff", "g"}) keep(cache, name, 1);
  CHECK(names_in(cache, "f") == Names{"f/1/x", "f/1", "f/2"});
  cache.remove("f/1");
  CHECK(names_in(cache) == Names{"f/2", "f-/1", "f", "ff", "g"});
  cache.remove("f");
  CHECK(names_in(cache) == Names{"f-/1", "ff", "g"});
  cache.remove("");
  CHECK(names_in(cache).empty());
}

TEST_CASE("Objects may use the cache while they are destroyed") {
  struct User {
    ObjectCache* cache;
    ~User() { keep(*cache, "from destructor", 1); }
  };
  ObjectCache cache({.items = 2});
  const auto add = [&](const char* name) {
    cache.keep(name, std::shared_ptr<const User>(new User{&cache}), 1);
  };
  add("a");
  add("a");
  CHECK(value_of(cache, "from destructor") == 1);
  cache.remove("");
  CHECK(names_in(cache) == Names{"from destructor"});
  keep(cache, "b", 1);
  keep(cache, "c", 1);
}

TEST_CASE("A cache is used by several threads") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  ObjectCache cache({.bytes = 60, .items = 20});
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (unsigned thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random(seed + thread);
      for (int i = 0; i < 5000; ++i) {
        const int value = static_cast<int>(random() % 40);
        const std::string name = "f" + std::to_string(value % 4) + "/" + std::to_string(value);
        const auto object = cache.find<int>(name);
        if (object != nullptr && *object != value) ++wrong;
        if (object == nullptr) keep(cache, name, value, 1 + random() % 5);
        if (random() % 100 == 0) cache.remove(name.substr(0, 2));
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
  std::uint64_t bytes = 0;
  std::size_t items = 0;
  cache.list("", [&](const StoreItem& item) {
    bytes += item.size;
    return ++items > 0;
  });
  CHECK(bytes <= 60);
  CHECK(items <= 20);
}
