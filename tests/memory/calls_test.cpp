// The ways to call a memorized function, and what stands for a result.

#include <algorithm>
#include <future>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "joblib/persistence.hpp"
#include "joblib/store/local.hpp"
#include "store/child.hpp"
#include "tools.hpp"

namespace joblib::test {
namespace {

using Catch::Matchers::Contains;

std::string name_of(int x) {
  ++calls;
  return "<" + std::to_string(x) + ">";
}
void act(int) { ++calls; }
std::tuple<int, std::string, std::vector<double>> several(int x) {
  ++calls;
  return {x, std::to_string(x), {1.5, 2.5}};
}
std::unique_ptr<int> owned(int x) {
  ++calls;
  return std::make_unique<int>(x);
}
const std::string& referred(int) {
  ++calls;
  static const std::string text = "text";
  return text;
}
std::future<std::string> later(int x) {
  return std::async(std::launch::deferred, [x] { return name_of(x); });
}
std::future<void> done_later(int) {
  return std::async(std::launch::async, [] { ++calls; });
}
std::future<std::unique_ptr<int>> owned_later(std::string text) {
  return std::async(std::launch::async,
                    [text] { return std::make_unique<int>(static_cast<int>(text.size())); });
}
std::future<std::string> viewed_later(std::string_view text) {
  return std::async(std::launch::async, [copy = std::string(text)] { return copy; });
}
std::future<int> summed_later(std::span<const int> values) {
  return std::async(std::launch::deferred,
                    [sum = std::accumulate(values.begin(), values.end(), 0)] { return sum; });
}
int failing(int x) {
  ++calls;
  if (x < 0) throw std::domain_error("negative");
  return x;
}
std::future<int> failing_later(int x) {
  return std::async(std::launch::async, [x] { return failing(x); });
}

template <class T>
bool is_ready(const std::future<T>& future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

ndarray<const double> ones(std::size_t size) {
  return loads<ndarray<const double>>(dumps(std::vector<double>(size, 1)));
}

}  // namespace

TEST_CASE_METHOD(CacheFolder, "A call that has been made before reads its result") {
  const auto cached = memory.cache("name", name_of);
  CHECK(calls_of([&] { CHECK(cached(1) == "<1>"); }) == 1);
  CHECK(calls_of([&] { CHECK(cached(1) == "<1>"); }) == 0);
  const Memory again(folder.root(), {.verbose = 0});
  CHECK(calls_of([&] { CHECK(again.cache("name", name_of)(1) == "<1>"); }) == 0);
}

TEST_CASE_METHOD(CacheFolder, "Results may be nothing, tuples and what can only be moved") {
  const auto acted = memory.cache("act", act);
  CHECK(calls_of([&] { acted(1), acted(1); }) == 1);
  static_assert(std::is_void_v<decltype(acted(1))>);
  const auto many = memory.cache("several", several);
  CHECK(calls_of([&] { CHECK(many(1) == many(1)); }) == 1);
  const auto owner = memory.cache("owned", owned);
  CHECK(calls_of([&] { CHECK(*owner(5) == *owner(5)); }) == 1);
  const auto referring = memory.cache("referred", referred);
  static_assert(std::is_same_v<decltype(referring(1)), std::string>);
  CHECK(calls_of([&] { CHECK(referring(1) == referring(1)); }) == 1);
}

TEST_CASE_METHOD(CacheFolder, "A call in a thread of its own has its own arguments") {
  const auto cached = memory.cache("owned_later", owned_later);
  const auto viewed = memory.cache("viewed_later", viewed_later);
  std::string name = "a rather long name";
  auto first = cached(name.c_str());
  auto second = viewed(name);
  std::ranges::fill(name, 'x');
  CHECK(*first.get() == 18);
  CHECK(second.get() == "a rather long name");
  const auto summed = memory.cache("summed_later", summed_later);
  CHECK(summed(std::vector<int>(100'000, 1)).get() == 100'000);
  CHECK(summed.check_call_in_cache(std::vector<int>(100'000, 1)));
  CHECK(cached.check_call_in_cache("a rather long name"));
  CHECK(viewed.check_call_in_cache("a rather long name"));
}

TEST_CASE_METHOD(CacheFolder, "A function that returns a future gives one") {
  const auto cached = memory.cache("later", later);
  CHECK(calls_of([&] { CHECK(cached(1).get() == "<1>"); }) == 1);
  CHECK(calls_of([&] {
          auto hit = cached(1);
          CHECK(is_ready(hit));
          CHECK(hit.get() == "<1>");
          CHECK(cached.call_and_shelve(1).get() == "<1>");
        }) == 0);
  CHECK(calls_of([&] { CHECK(cached.call(1).value == "<1>"); }) == 1);
  const auto nothing = memory.cache("done_later", done_later);
  CHECK(calls_of([&] { nothing(1).get(), nothing(1).get(); }) == 1);
  const auto owner = memory.cache("owned_later", owned_later);
  CHECK(*owner("abc").get() == 3);
  CHECK(*owner("abc").get() == 3);
  const auto fails = memory.cache("failing_later", failing_later);
  CHECK_THROWS_AS(fails(-1).get(), std::domain_error);
  CHECK_FALSE(fails.check_call_in_cache(-1));
}

TEST_CASE_METHOD(CacheFolder, "A call that throws leaves nothing behind") {
  const auto cached = memory.cache("failing", failing);
  CHECK(calls_of([&] {
          CHECK_THROWS_AS(cached(-1), std::domain_error);
          CHECK_THROWS_AS(cached(-1), std::domain_error);
          CHECK_THROWS_AS(cached.call(-1), std::domain_error);
          CHECK_THROWS_AS(cached.call_and_shelve(-1), std::domain_error);
        }) == 4);
  CHECK(memory.entries().empty());
  CHECK(memory.stats().misses == 0);
  cached(1);
  CHECK_THROWS_AS(memory.cache("failing", failing)(-1), std::domain_error);
  CHECK(cached(1) == 1);
}

TEST_CASE_METHOD(CacheFolder, "call() always computes, and keeps the result") {
  const auto cached = memory.cache("square", square, {.args = {"x"}});
  CHECK(calls_of([&] { cached.call(3), cached.call(3); }) == 2);
  CHECK(calls_of([&] { CHECK(cached(3) == 9); }) == 0);
  const auto [value, metadata] = cached.call(4);
  CHECK(value == 16);
  CHECK(metadata.input_args == std::vector<std::pair<std::string, std::string>>{{"x", "4"}});
  CHECK(metadata.duration.count() > 0);
  CHECK(metadata.time <= std::chrono::system_clock::now());
  memory.cache("act", act).call(1);
}

TEST_CASE_METHOD(CacheFolder, "A shelved result is where it is, and read when it is asked for") {
  const auto cached = memory.cache("name", name_of);
  auto result = cached.call_and_shelve(1);
  CHECK(result.get() == "<1>");
  const auto copy = result;
  CHECK(calls_of([&] { CHECK(copy.get() == "<1>"); }) == 0);
  CHECK(result.repr() == "MemorizedResult(location=\"" + root.string() +
                             "\", func=\"name\", args_id=\"" + memory.entries().at(0).args_id +
                             "\")");
  result.clear();
  CHECK_FALSE(cached.check_call_in_cache(1));
  CHECK(error_of([&] { copy.get(); }) == errc::not_found);
  CHECK_THAT(error_text([&] { result.get(); }), Contains("may have been cleared"));
  CHECK_NOTHROW(result.clear());
}

TEST_CASE_METHOD(CacheFolder, "A result that is there is not read to be shelved") {
  const auto cached = memory.cache("name", name_of);
  cached(1);
  folder.write("joblib/" + fs::relative(entry(), root).string() + "/output.pkl", "damaged");
  CHECK(logged(LogLevel::warning, [&] {
          CHECK(calls_of([&] { cached.call_and_shelve(1); }) == 0);
        }).empty());
  CHECK(memory.stats().hits == 1);
}

TEST_CASE_METHOD(CacheFolder,
                 "A shelved result that is damaged is computed again by the next call") {
  const auto cached = memory.cache("name", name_of);
  const auto result = cached.call_and_shelve(1);
  folder.write("joblib/" + fs::relative(entry(), root).string() + "/output.pkl", "damaged");
  CHECK(error_of([&] { result.get(); }) == errc::corrupt_data);
  CHECK(calls_of([&] { CHECK(cached.call_and_shelve(1).get() == "<1>"); }) == 1);
  CHECK(result.get() == "<1>");
}

TEST_CASE_METHOD(CacheFolder, "A shelved result can be pickled, for this process and others") {
  const auto result = memory.cache("name", name_of).call_and_shelve(1);
  const fs::path file = folder.root() / "result.pkl";
  dump(result, file);
  CHECK(load<MemorizedResult<std::string>>(file).get() == "<1>");
  Child child([&](Child&) {
    const int before = calls;
    return load<MemorizedResult<std::string>>(file).get() == "<1>" && calls == before;
  });
  CHECK(child.ended_well());
  const Memory mapping(folder.root(), {.mmap_mode = MmapMode::r, .verbose = 0});
  const auto mapped = mapping.cache("ones", ones).call_and_shelve(3);
  CHECK(loads<MemorizedResult<ndarray<const double>>>(dumps(mapped)).get().mapped());
  memory.clear();
  CHECK(error_of([&] { load<MemorizedResult<std::string>>(file).get(); }) == errc::not_found);
  const Memory with_object(folder.root(), {.backend = make_local_store(folder.root().string())});
  const auto unnamed = with_object.cache("name", name_of, {.verbose = 0}).call_and_shelve(1);
  CHECK(error_of([&] { dumps(unnamed); }) == errc::invalid_argument);
  const Memory live("", {.backend = "memory", .verbose = 0});
  const auto object = live.cache("name", name_of).call_and_shelve(1);
  CHECK(object.get() == "<1>");
  CHECK(error_of([&] { dumps(object); }) == errc::invalid_argument);
}

TEST_CASE_METHOD(CacheFolder, "To look for a result changes nothing") {
  const auto cached = memory.cache("name", name_of);
  CHECK(calls_of([&] { CHECK_FALSE(cached.check_call_in_cache(1)); }) == 0);
  CHECK(memory.entries().empty());
  cached(1);
  const auto refusing =
      memory.cache("name", name_of, {.validate = [](const Metadata&) { return false; }});
  const auto before = memory.entries().at(0);
  CHECK(cached.check_call_in_cache(1));
  CHECK_FALSE(refusing.check_call_in_cache(1));
  CHECK(memory.entries().at(0).last_access == before.last_access);
  CHECK(memory.stats().hits == 0);
  CHECK(calls_of([&] { cached(1); }) == 0);
}

TEST_CASE_METHOD(CacheFolder, "A validator refuses results by their metadata") {
  bool is_valid = true;
  std::vector<Metadata> seen;
  const auto cached = memory.cache("square", square,
                                   {.validate =
                                        [&](const Metadata& metadata) {
                                          seen.push_back(metadata);
                                          return is_valid;
                                        },
                                    .args = {"x"}});
  cached(3);
  CHECK(seen.empty());
  CHECK(calls_of([&] { CHECK(cached(3) == 9); }) == 0);
  CHECK(seen.at(0).input_args == std::vector<std::pair<std::string, std::string>>{{"x", "3"}});
  is_valid = false;
  CHECK(calls_of([&] { cached(3), cached(3); }) == 2);
  CHECK(calls_of([&] { cached.call_and_shelve(3); }) == 1);
  is_valid = true;
  fs::remove(entry() / "metadata.json");
  CHECK(calls_of([&] { cached(3), cached(3); }) == 1);
}

TEST_CASE_METHOD(CacheFolder, "Results expire after a time") {
  const auto fresh =
      memory.cache("square", square, {.validate = expires_after(std::chrono::hours(1))});
  CHECK(calls_of([&] { fresh(3), fresh(3); }) == 1);
  const auto stale =
      memory.cache("square", square, {.validate = expires_after(std::chrono::seconds(0))});
  CHECK(calls_of([&] { stale(3), stale(3); }) == 2);
  folder.write("joblib/" + fs::relative(entry(), root).string() + "/metadata.json",
               R"({"duration": 1.0, "input_args": {}, "time": 1000000000.5})");
  CHECK(calls_of([&] { fresh(3); }) == 1);
}

TEST_CASE_METHOD(CacheFolder, "A function is cleared without the others") {
  const auto one = memory.cache("a/one", square);
  const auto other = memory.cache("a/other", square);
  one(1), one(2), other(1);
  folder.write("joblib/a/one/func_code.py", "# first line: 1\n");
  one.clear();
  CHECK_FALSE(fs::exists(root / "a/one"));
  CHECK(other.check_call_in_cache(1));
  memory.clear();
  CHECK(memory.entries().empty());
  CHECK(fs::exists(root));
  CHECK(calls_of([&] { one(1), one(1); }) == 1);
}

TEST_CASE("Without a location functions are called as they are") {
  const Memory off(std::nullopt);
  const auto cached = off.cache("square", square);
  CHECK(calls_of([&] { CHECK(cached(3) + cached(3) == 18); }) == 2);
  CHECK_FALSE(cached.check_call_in_cache(3));
  CHECK(cached.call(3).value == 9);
  CHECK(cached.call(3).metadata.input_args.empty());
  auto result = cached.call_and_shelve(3);
  CHECK(result.get() == 9);
  CHECK(result.repr() == "NotMemorizedResult");
  const auto copy = result;
  result.clear();
  CHECK_THAT(error_text([&] { result.get(); }), Contains("No value stored"));
  CHECK(result.repr() == "NotMemorizedResult with no value");
  CHECK(copy.get() == 9);
  CHECK(off.cache("later", later)(1).get() == "<1>");
  off.cache("act", act)(1);
  cached.clear();
  off.clear();
  off.reduce_size({.items_limit = 0});
  CHECK(off.entries().empty());
  CHECK(off.stats().misses == 0);
  CHECK(off.location().empty());
  CHECK(off.repr() == "Memory(location=None)");
  CHECK(error_of([&] { dumps(copy); }) == errc::invalid_argument);
}

TEST_CASE_METHOD(CacheFolder, "A place is made as joblib makes it") {
  CHECK(memory.location() == root.string());
  CHECK(memory.repr() == "Memory(location=" + root.string() + ")");
  CHECK(fs::exists(folder.root() / ".gitignore"));
  memory.cache("a/f", square, {.args = {"x"}, .version = ""})(1);
  CHECK(fs::exists(root / "a/f/d3ffa92536e9b2aeb96c6d0e11ccd857/output.pkl"));
  CHECK(fs::exists(root / "a/f/d3ffa92536e9b2aeb96c6d0e11ccd857/metadata.json"));
  CHECK_FALSE(fs::exists(root / "a/f/func_code.py"));
  CHECK(error_of([&] { Memory(folder.root(), {.backend = "nowhere"}); }) == errc::invalid_argument);
}

}  // namespace joblib::test
