// Which values hash alike, and which don't.

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "pickle/make.hpp"

#include "joblib/hash.hpp"

namespace joblib::test {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST_CASE("The same text and numbers hash alike whatever holds them") {
  CHECK(hash("a") == hash("a"s));
  CHECK(hash("a"s) == hash("a"sv));
  const char* const pointer = "a";
  CHECK(hash(pointer) == hash("a"));
  const std::vector<int> values{1, 2};
  CHECK(hash(std::span(values)) == hash(values));
  CHECK(hash(1) == hash(1L));
  CHECK(hash(1.5F) == hash(1.5));
  CHECK(hash(std::list{"a"s}) == hash(std::vector{"a"s}));
  CHECK(hash(std::pair(1, 2)) == hash(std::array{1, 2}));
  CHECK(hash(std::map<std::string, int>{{"a", 1}}) ==
        hash(std::unordered_map<std::string, int>{{"a", 1}}));
}

TEST_CASE("The order of insertion and the number of buckets play no part") {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::map<std::string, int> sorted;
  for (int i = 0; i < 500; ++i) sorted[std::to_string(random())] = i;
  std::vector<std::pair<std::string, int>> entries(sorted.begin(), sorted.end());
  for (const std::size_t buckets : {1U, 17U, 5000U}) {
    std::ranges::shuffle(entries, random);
    std::unordered_map<std::string, int> map(buckets);
    map.insert(entries.begin(), entries.end());
    CHECK(hash(map) == hash(sorted));
    std::unordered_set<std::string> set(buckets);
    for (const auto& [key, value] : entries) set.insert(key);
    CHECK(hash(set) == hash(std::set<std::string>(set.begin(), set.end())));
    std::map<std::string, int, std::greater<>> reversed(entries.begin(), entries.end());
    CHECK(hash(reversed) == hash(sorted));
    std::vector<std::pair<Object, Object>> objects;
    for (const auto& [key, value] : entries) objects.emplace_back(Object(key), Object(value));
    CHECK(hash(Object::dict(objects)) == hash(sorted));
  }
}

TEST_CASE("A C++ value hashes as the Object that is made of it") {
  const std::map<std::string, std::vector<std::list<std::string>>> value{{"a", {{"b"}, {}}},
                                                                         {"c", {}}};
  CHECK(hash(Object(value)) == hash(value));
  CHECK(hash(in_python(value)) == hash(value));
}

TEST_CASE("Values of another type, layout or sign hash differently") {
  CHECK(hash(0.0) != hash(-0.0));
  CHECK(hash(1) != hash(1.0));
  CHECK(hash(1) != hash(true));
  CHECK(hash("1") != hash(1));
  CHECK(hash(std::vector<double>{1}) != hash(std::vector<float>{1}));
  CHECK(hash(std::pair(1, 2)) != hash(std::list{1, 2}));
  CHECK(hash(std::list{1, 2}) != hash(std::vector{1, 2}));
  CHECK(hash(std::set{1}) != hash(std::list{1}));
  CHECK(hash(bytes{std::byte{'a'}}) != hash("a"));
  CHECK(hash(ndarray<double>({2, 3})) != hash(ndarray<double>({2, 3}, Order::F)));
  CHECK(hash(ndarray<double>({2, 3})) != hash(ndarray<double>({3, 2})));
  CHECK(hash(std::optional<int>()) != hash(0));
  CHECK(hash(std::map<int, int>()) != hash(std::set<int>()));
}

TEST_CASE("The second one of two equal hours hashes as the first one") {
  const auto time = [](unsigned char hour) {
    const bytes fields{std::byte{hour}, {}, {}, {}, {}, {}};
    return call("datetime", "time", {Object(fields)});
  };
  CHECK(hash(time(2)) == hash(time(0x82)));
  CHECK(hash(time(2)) != hash(time(3)));
}

TEST_CASE("UTC is one object wherever it stands") {
  const auto utc = [] {
    return call("datetime", "timezone",
                {call("datetime", "timedelta", {Object(0), Object(0), Object(0)})});
  };
  // zone = datetime.timezone.utc; [zone, zone]
  // [datetime.timezone.utc, datetime.timezone.utc]
  CHECK(hash(Object(std::list{utc(), utc()})) == "026fe1969a9d0c2fe06e8c3f26c689b2");
}

TEST_CASE("NaNs and instances are keys beside their equals") {
  const Object nan(std::numeric_limits<double>::quiet_NaN());
  const auto with = [&](const std::vector<Object>& keys) {
    std::vector<std::pair<Object, Object>> entries{{Object("a"), Object(2)}};
    for (const Object& key : keys) entries.emplace_back(key, Object(1));
    return Object::dict(entries);
  };
  // {float("nan"): 1, float("nan"): 1, "a": 2}
  CHECK(hash(with({nan, nan})) == "90cc558e022112ccf9e7a45f111e9774");
  CHECK(hash(with({Object(5), Object(5)})) == hash(with({Object(5)})));
}

TEST_CASE("Keys that are equal in Python only are all hashed") {
  using Number = std::variant<int, double>;
  CHECK(hash(std::set<Number>{1, 1.0}) != hash(std::set<Number>{1}));
  CHECK(hash(std::map<Number, int>{{1, 2}, {1.0, 3}}) !=
        hash(std::map<Number, int>{{1, 2}, {1.0, 4}}));
  CHECK(hash(std::multiset<double>{1, 1}) != hash(std::multiset<double>{1}));
}

TEST_CASE("Exceptions of Python 2's module hash as today's") {
  // ValueError
  CHECK(hash(loads("cexceptions\nValueError\n."sv)) == "9928999d5650ce717e5f74cbd5723144");
}

}  // namespace joblib::test
