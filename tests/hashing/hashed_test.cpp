// Digests that are kept, and composed.

#include <list>
#include <map>
#include <string>
#include <vector>

#include "pickle/make.hpp"

#include "joblib/hash.hpp"

namespace joblib::test {
namespace {

int times_saved = 0;

// Counts how often it is hashed.
struct Counted {
  std::vector<double> values = {1, 2};
};

}  // namespace
}  // namespace joblib::test

template <>
struct joblib::pickler<joblib::test::Counted> {
  static std::vector<double> to_state(const joblib::test::Counted& counted) {
    ++joblib::test::times_saved;
    return counted.values;
  }
  static joblib::test::Counted from_state(std::vector<double> values) {
    return {std::move(values)};
  }
};

namespace joblib::test {

TEST_CASE("A hashed value keeps its digest") {
  times_saved = 0;
  const auto kept = hashed(Counted());
  CHECK(times_saved == 1);
  const auto copy = kept;
  CHECK(hash(kept) == hash(Counted().values));
  CHECK(hash(copy) == copy.digest());
  hash(std::list{kept, copy});
  CHECK(times_saved == 1);
  CHECK(&copy.value() == &kept.value());
  const Counted& value = kept;
  CHECK(&value == &kept.value());
}

TEST_CASE("A hashed value is hashed anew for other options") {
  const auto kept = hashed(std::string("a"), {.name = "sha1"});
  CHECK(kept.options().name == "sha1");
  CHECK(hash(kept, {.name = "sha1"}) == kept.digest());
  CHECK(hash(kept) == hash("a"));
  CHECK(hash(kept, {.name = "sha1", .dtype_protocol = 5}) == hash("a", {.name = "sha1"}));
}

TEST_CASE("Inside of other values the digest stands for the value") {
  const auto one = hashed(std::vector<double>{1, 2});
  const auto equal = hashed(std::vector<double>{1, 2});
  const auto other = hashed(std::vector<double>{1, 3});
  const auto by_sha1 = hashed(std::vector<double>{1, 2}, {.name = "sha1"});
  CHECK(hash(std::pair("x", one)) == hash(std::pair("x", equal)));
  CHECK(hash(std::pair("x", one)) != hash(std::pair("x", other)));
  CHECK(hash(std::pair("x", one)) != hash(std::pair("x", by_sha1)));
  CHECK(hash(std::pair("x", one)) != hash(std::pair("x", one.value())));
  CHECK(hash(std::pair("x", one)) != hash(std::pair("x", one.digest())));
  CHECK(hash(std::optional(one)) != hash(one));
}

TEST_CASE("Whatever options a kept digest was made with are a part of what it stands for") {
  const auto usual = hashed(std::vector<double>{1});
  const auto newer = hashed(std::vector<double>{1}, {.dtype_protocol = 5});
  CHECK(usual.digest() != newer.digest());
  CHECK(hash(std::list{usual}) != hash(std::list{newer}));
}

TEST_CASE("A hashed value is a key") {
  using Key = Hashed<std::string>;
  const auto less = [](const Key& a, const Key& b) { return a.value() < b.value(); };
  std::map<Key, int, decltype(less)> map, other;
  map.emplace(hashed(std::string("a")), 1);
  map.emplace(hashed(std::string("b")), 2);
  other.emplace(hashed(std::string("a")), 2);
  other.emplace(hashed(std::string("b")), 1);
  CHECK(hash(map) != hash(other));
  CHECK(hash(map) == hash(decltype(map)(map)));
}

TEST_CASE("A hashed value is dumped as the value") {
  const auto kept = hashed(std::vector<double>{1, 2});
  CHECK(dumps(kept) == dumps(kept.value()));
  const auto loaded = loads<Hashed<std::vector<double>>>(dumps(kept));
  CHECK(loaded.value() == kept.value());
  CHECK(loaded.digest() == kept.digest());
}

TEST_CASE("A Hasher goes on from what it has") {
  Hasher hasher;
  const std::string empty = hasher.hexdigest();
  CHECK(empty == "d41d8cd98f00b204e9800998ecf8427e");  // of no bytes
  hasher.update(1).update("a");
  const Hasher copy = hasher;
  const std::string digest = hasher.hexdigest();
  CHECK(hasher.hexdigest() == digest);
  hasher.update(std::vector{1.5});
  CHECK(copy.hexdigest() == digest);
  CHECK(hasher.hexdigest() != digest);
  CHECK(Hasher().update(1).update("a").hexdigest() == digest);
  CHECK(Hasher().update("a").update(1).hexdigest() != digest);
  CHECK(Hasher({.name = "sha1"}).update(1).hexdigest().size() == 40);
  CHECK_THROWS_AS(Hasher({.name = "crc"}).update(1), Error);
}

TEST_CASE("A Hasher takes kept digests for their values") {
  const auto kept = hashed(std::vector<double>{1, 2});
  CHECK(Hasher().update(kept).hexdigest() == Hasher().update(kept.value()).hexdigest());
}

}  // namespace joblib::test
