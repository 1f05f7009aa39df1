// What a function is called in the cache, by itself or by its user, and its versions.

#include <memory>
#include <string>

#include "joblib/store/memory.hpp"
#include "named.hpp"
#include "tools.hpp"

extern "C" {
int joblib_test_alias(int x) { return x; }
int joblib_test_other_alias(int x) __attribute__((alias("joblib_test_alias")));
}

namespace features {
double costly(double x) { return x / 2; }
double costly_noexcept(double x) noexcept { return x / 2; }
static int internal(int x) { return x + 2; }
static int namesake(int x) { return x * named::from_namesake(0); }  // see namesake.cpp
std::string label(int x) { return std::to_string(x); }              // of a type with an ABI tag
template <class T>
T twice(T x) {
  return x + x;
}
int overloaded(int x) { return x; }
[[maybe_unused]] double overloaded(double x) { return x; }
}  // namespace features

namespace joblib::test {
namespace {

using Catch::Matchers::Contains;

int hidden(int x) { return x + 3; }
int (*inner_function(int which))(int) {
  struct First {
    static int f(int x) { return x + 1; }
  };
  struct Second {
    static int f(int x) { return x * 100; }
  };
  return which == 1 ? First::f : Second::f;
}
int first(int x) { return x + 1; }
int second(int x) { return x + 2; }
long third(long x) { return x + 3; }

// "version=build-..." of "f/version=build-...-<type>".
std::string version_of(const std::string& folder) {
  const std::size_t begin = folder.rfind('/') + 1;
  return folder.substr(begin, folder.rfind('-') - begin);
}

}  // namespace

TEST_CASE_METHOD(CacheFolder, "A function that is a template argument has its own name") {
  CHECK(memory.cache<features::costly>().func_id() == "features/costly");
  CHECK(memory.cache<&features::costly>().func_id() == "features/costly");
  CHECK(memory.cache<features::costly_noexcept>().func_id() == "features/costly_noexcept");
  CHECK(memory.cache<features::internal>().func_id() == "features/internal");
  CHECK(memory.cache<hidden>().func_id() == "joblib/test/<anonymous>/hidden");
  CHECK(memory.cache<features::twice<int>>().func_id() == "features/twice<int>");
  const std::string of_text = memory.cache<features::twice<std::string>>().func_id();
  CHECK(of_text.starts_with("features/twice<std::"));
  CHECK(of_text.find('/', sizeof("features")) == of_text.npos);
  CHECK(memory.cache<features::label>().func_id() == "features/label");
  CHECK(memory.cache<joblib_test_alias>().func_id() == "joblib_test_alias");
  CHECK(memory.cache<features::costly>()(3) == 1.5);
}

TEST_CASE_METHOD(CacheFolder, "The symbol table has the name of a function") {
  CHECK(memory.cache(features::costly).func_id() == "features/costly");
  CHECK(memory.cache(features::internal).func_id() == "features/internal");
  CHECK(memory.cache(hidden).func_id() == "joblib/test/<anonymous>/hidden");
  CHECK(memory.cache(features::twice<int>).func_id() == "features/twice<int>");
  CHECK(memory.cache(static_cast<int (*)(int)>(features::overloaded)).func_id() ==
        "features/overloaded");
  CHECK(memory.cache(features::costly_noexcept).func_id() == "features/costly_noexcept");
  CHECK(memory.cache(features::label).func_id() == "features/label");
  CHECK(memory.cache(named::from_library).func_id() == "named/from_library");
  CHECK(memory.eval(features::costly, 5) == 2.5);
}

TEST_CASE_METHOD(CacheFolder, "A function inside of another one has a symbol of its own") {
  const auto first_in = memory.cache(inner_function(1));
  const auto second_in = memory.cache(inner_function(2));
  CHECK(first_in.func_id() != second_in.func_id());
  CHECK_THAT(first_in.func_id(), Contains("inner_function(int)/First/f"));
  CHECK(first_in(7) == 8);
  CHECK(second_in(7) == 700);
}

TEST_CASE_METHOD(CacheFolder, "A lambda that is a pointer must be given a name") {
  int (*const lambda)(int) = [](int x) { return x; };
  CHECK_THAT(error_text([&] { memory.cache(lambda); }), Contains("a lambda has no name"));
  CHECK(memory.cache("f", lambda)(3) == 3);
}

TEST_CASE_METHOD(CacheFolder,
                 "A function is the same whether its type says that it throws or not") {
  memory.cache<features::costly_noexcept>()(3);
  double (*const may_throw)(double) = features::costly_noexcept;
  CHECK(memory.cache("features/costly_noexcept", may_throw).check_call_in_cache(3));
}

TEST_CASE_METHOD(CacheFolder, "A function with several symbols must be given a name") {
  CHECK_THAT(error_text([&] { memory.cache(joblib_test_alias); }),
             Contains("joblib_test_alias") && Contains("joblib_test_other_alias") &&
                 Contains("give a name"));
}

TEST_CASE_METHOD(CacheFolder, "The version is the build identity of the module with the code") {
  memory.cache<named::from_library>()(1);
  const std::string of_library = version_of(memory.entries().at(0).function);
  memory.clear();
  memory.cache<hidden>()(1);
  const std::string of_program = version_of(memory.entries().at(0).function);
  CHECK_THAT(of_library, Catch::Matchers::StartsWith("version=build-"));
  CHECK_THAT(of_program, Catch::Matchers::StartsWith("version=build-"));
  CHECK(of_library != of_program);
  memory.clear();
  memory.cache("adder", named::Adder())(1);
  CHECK(version_of(memory.entries().at(0).function) == of_library);
  memory.clear();
  memory.cache("lambda", [](int x) { return x; })(1);
  CHECK(version_of(memory.entries().at(0).function) == of_program);
}

TEST_CASE_METHOD(CacheFolder, "Versions live side by side") {
  const auto one = memory.cache("f", square, {.version = "1"});
  const auto other = memory.cache("f", square, {.version = "1/2 %\xc3\xa9"});
  const auto none = memory.cache("f", square, {.version = ""});
  CHECK(calls_of([&] { one(3), other(3), none(3); }) == 3);
  CHECK(calls_of([&] { one(3), other(3), none(3); }) == 0);
  CHECK(memory.entries().size() == 3);
  one.clear();
  CHECK(memory.entries().empty());
}

TEST_CASE_METHOD(CacheFolder, "Versions that differ in escaped characters are different ones") {
  CHECK(calls_of([&] {
          memory.cache("f", square, {.version = "1/2"})(3);
          memory.cache("f", square, {.version = "1%2F2"})(3);
        }) == 2);
}

TEST_CASE_METHOD(CacheFolder, "Two functions can't have one name and version") {
  memory.cache("f", first);
  CHECK_NOTHROW(memory.cache("f", first));
  CHECK_THAT(error_text([&] { memory.cache("f", second); }),
             Contains("two different functions") && Contains("'f"));
  CHECK_THAT(error_text([&] { memory.cache("f", [](int x) { return x; }); }),
             Contains("two different functions"));
  CHECK_THROWS_AS(Memory(folder.root()).cache("f", second), Error);
  CHECK_NOTHROW(memory.cache("f", second, {.version = "2"}));
  CHECK_NOTHROW(memory.cache("g", second));
  const FileTree elsewhere;
  CHECK_NOTHROW(Memory(elsewhere.root()).cache("f", second));
}

// As if another run of the program had filled the cache.
TEST_CASE_METHOD(CacheFolder, "A function of another type has other results in other runs, too") {
  memory.cache("f", first)(1);
  const FileTree other_run;
  fs::copy(root, other_run.root() / "joblib", fs::copy_options::recursive);
  const Memory again(other_run.root(), {.verbose = 0});
  SECTION("overloads") { CHECK_FALSE(again.cache("f", third).check_call_in_cache(1)); }
  SECTION("other objects") {
    CHECK_FALSE(again.cache("f", [](int x) { return x; }).check_call_in_cache(1));
  }
  SECTION("the same") { CHECK(again.cache("f", first).check_call_in_cache(1)); }
}

TEST_CASE_METHOD(CacheFolder,
                 "A function of one file must be given a name if others have its own") {
  CHECK_THAT(error_text([&] { memory.cache<features::namesake>(); }),
             Contains("several functions called features::namesake") && Contains("give a name"));
  CHECK_THAT(error_text([&] { memory.cache(features::namesake); }),
             Contains("several functions called features::namesake"));
  CHECK(memory.cache("mine", features::namesake)(1) == 1);
}

TEST_CASE_METHOD(CacheFolder, "Two functions can't share a folder that has several names") {
  memory.cache("f", first);
  fs::create_symlink(folder.root(), folder.root() / "link");
  for (const char* other : {".", "a/..", "link"}) {
    CAPTURE(other);
    CHECK_THROWS_AS(Memory(folder.root() / other, {.verbose = 0}).cache("f", second), Error);
    CHECK_NOTHROW(Memory(folder.root() / other, {.verbose = 0}).cache("f", first));
  }
}

TEST_CASE("Caches in memory have their own names") {
  const auto cache_in = [](const auto& store) {
    const Memory one("", {.backend = store, .verbose = 0});
    one.cache("f", first);
    CHECK_THROWS_AS(one.cache("f", second), Error);
    const Memory other("", {.backend = "memory", .verbose = 0});
    CHECK(other.cache("f", second)(1) == 3);
  };
  cache_in("memory");
  cache_in("memory");
  const auto store = std::make_shared<MemoryStore>();
  auto one = std::make_optional<Memory>("", MemoryOptions{.backend = store, .verbose = 0});
  const Memory other("", {.backend = store, .verbose = 0});
  one->cache("f", first);
  CHECK_THROWS_AS(other.cache("f", second), Error);
  one.reset();  // the results stay
  CHECK_THROWS_AS(other.cache("f", second), Error);
}

TEST_CASE_METHOD(CacheFolder, "One lambda can be cached again and again") {
  const auto cached = [&] { return memory.cache("f", [](int x) { return x; }); };
  cached()(1);
  CHECK(cached().check_call_in_cache(1));
}

TEST_CASE_METHOD(CacheFolder, "A name is a relative path") {
  for (const char* name : {"", "/f", "f/", "a//f", "a/../f", ".", ".f", "a/.f"}) {
    CAPTURE(name);
    CHECK(error_of([&] { memory.cache(name, first); }) == errc::invalid_argument);
  }
  CHECK(error_of([&] { memory.cache(std::string("a\0b", 3), first); }) == errc::invalid_argument);
  CHECK(memory.cache("wörter/zählen <2>", first)(1) == 2);
  CHECK(memory.cache("wörter/zählen <2>", first).check_call_in_cache(1));
}

}  // namespace joblib::test
