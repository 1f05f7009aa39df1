// What makes a call equal to another one: the arguments, as what the function takes them as.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

#include "joblib/hash.hpp"
#include "joblib/numpy/ndarray.hpp"
#include "tools.hpp"

namespace joblib::test {
namespace {

using Catch::Matchers::Contains;

double half(double x) {
  ++calls;
  return x / 2;
}
std::size_t length(const std::string& text) {
  ++calls;
  return text.size();
}
std::size_t consumed(std::vector<int>&& values) {
  ++calls;
  const std::vector<int> taken = std::move(values);
  return taken.size();
}
int or_zero(std::optional<int> x) {
  ++calls;
  return x.value_or(0);
}
double total(const std::vector<double>& values) {
  ++calls;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}
int weighted(int x, int weight, bool /*verbose*/) {
  ++calls;
  return x * weight;
}
int fixed() {
  ++calls;
  return 42;
}

struct Adder {
  int summand = 0;
  int operator()(int x) const {
    ++calls;
    return x + summand;
  }
};
BOOST_DESCRIBE_STRUCT(Adder, (), (summand))

// A state that is made for whoever asks, and gone afterwards.
struct Curve {
  double a = 0, b = 0;
};
double at(const Curve& curve, double x) { return curve.a + curve.b * x; }
std::size_t count(const std::vector<bool>& flags) { return flags.size(); }
std::size_t count_all(const std::vector<std::vector<bool>>& flags) { return flags.size(); }

class Account {
 public:
  explicit Account(int balance = 0) : balance_(balance) {}
  int balance() const { return balance_; }

 private:
  int balance_;
  BOOST_DESCRIBE_CLASS(Account, (), (), (), (balance_))
};

struct Shape {
  int corners = 0;
  virtual ~Shape() = default;
};
BOOST_DESCRIBE_STRUCT(Shape, (), (corners))
struct Square : Shape {
  int side = 0;
};
int corners_of(const Shape& shape) { return shape.corners; }
int corners_behind(const std::shared_ptr<const Shape>& shape) { return shape->corners; }

struct Opaque {
  int summand = 0;
  int operator()(int x) const {
    ++calls;
    return x + summand;
  }
};

}  // namespace
}  // namespace joblib::test

template <>
struct joblib::pickler<joblib::test::Curve> {
  static std::vector<double> to_state(const test::Curve& curve) { return {curve.a, curve.b}; }
  static test::Curve from_state(const std::vector<double>& state) {
    return {state.at(0), state.at(1)};
  }
};

namespace joblib::test {

TEST_CASE_METHOD(CacheFolder, "Arguments are hashed as what the function takes them as") {
  const auto squared = memory.cache("squared", square);
  CHECK(calls_of([&] {
          CHECK(squared(3) == 9);
          CHECK(squared(short{3}) == 9);
          CHECK(squared(3L) == 9);
          const std::uint8_t small = 3;
          CHECK(squared(small) == 9);
        }) == 1);
  const auto halved = memory.cache("halved", half);
  CHECK(calls_of([&] {
          CHECK(halved(3) == 1.5);
          CHECK(halved(3.0) == 1.5);
          CHECK(halved(3.0F) == 1.5);
        }) == 1);
  const auto measured = memory.cache("measured", length);
  CHECK(calls_of([&] {
          CHECK(measured("text") == 4);
          CHECK(measured(std::string("text")) == 4);
          const char* text = "text";
          CHECK(measured(text) == 4);
        }) == 1);
  const auto valued = memory.cache("valued", or_zero);
  CHECK(calls_of([&] {
          CHECK(valued(3) == 3);
          CHECK(valued(std::optional(3)) == 3);
          CHECK(valued(std::nullopt) == 0);
        }) == 2);
}

TEST_CASE_METHOD(CacheFolder, "The digest is that of Python's joblib") {
  memory.cache("f", square, {.args = {"x"}})(1);
  CHECK(memory.entries().at(0).args_id == "d3ffa92536e9b2aeb96c6d0e11ccd857");
}

TEST_CASE_METHOD(CacheFolder, "A function without arguments has Python's digest, too") {
  memory.cache("f", fixed)();
  CHECK(memory.entries().at(0).args_id == joblib::hash(std::map<std::string, int>()));
  CHECK(memory.entries().at(0).input_args.empty());
}

TEST_CASE_METHOD(CacheFolder, "Arguments are shown as what they are") {
  const auto shown = [&] {
    const auto entries = memory.entries();
    REQUIRE(entries.size() == 1);
    return entries[0].input_args.at(0).second;
  };
  SECTION("of a state that is made") {
    memory.cache("f", at)(Curve{1, 2}, 3.0);
    CHECK_THAT(shown(), Catch::Matchers::StartsWith("[array([1., 2.])"));
  }
  SECTION("bits") {
    memory.cache("f", count)(std::vector{true, false, false, true});
    CHECK(shown() == "[array([ True, False, False,  True])]");
  }
  SECTION("bits in a list") {
    memory.cache("f", count_all)(std::vector<std::vector<bool>>{{true, false}, {false}});
    CHECK(shown() == "[[array([ True, False]), array([False])]]");
  }
}

TEST_CASE_METHOD(CacheFolder, "Private members count if they are described") {
  const auto balance = memory.cache("f", [](const Account& account) { return account.balance(); });
  CHECK(balance(Account(5)) == 5);
  CHECK(balance(Account(100)) == 100);
}

TEST_CASE_METHOD(CacheFolder, "Different arguments are different calls") {
  const auto cached = memory.cache("f", weighted);
  CHECK(calls_of([&] {
          CHECK(cached(1, 2, false) == 2);
          CHECK(cached(2, 1, false) == 2);
          CHECK(cached(1, 2, true) == 2);
        }) == 3);
  const auto halved = memory.cache("halved", half);
  CHECK(calls_of([&] { halved(0.0), halved(-0.0); }) == 2);
  CHECK(calls_of([&] { memory.cache("fixed", fixed)(), memory.cache("fixed", fixed)(); }) == 1);
}

TEST_CASE_METHOD(CacheFolder, "A function may take its arguments apart") {
  const auto cached = memory.cache("consumed", consumed);
  CHECK(cached(std::vector{1, 2, 3}) == 3);
  CHECK(calls_of([&] { CHECK(cached(std::vector{1, 2, 3}) == 3); }) == 0);
  const auto pointer = memory.cache("pointer", [](std::unique_ptr<int> value) { return *value; });
  CHECK(pointer(std::make_unique<int>(7)) == 7);
  CHECK(pointer(std::make_unique<int>(7)) == 7);
}

TEST_CASE_METHOD(CacheFolder, "A lvalue argument stays what it is") {
  const auto size = memory.cache("size", [](std::vector<int> values) {
    values.clear();
    return 1;
  });
  std::vector values{1, 2, 3};
  size(values);
  size.call(values);
  size.call_and_shelve(values);
  CHECK(values == std::vector{1, 2, 3});
}

TEST_CASE_METHOD(CacheFolder, "A generic callable has its arguments hashed as they are") {
  const auto doubled = memory.cache("doubled", [](const auto& x) {
    ++calls;
    return x + x;
  });
  CHECK(calls_of([&] {
          CHECK(doubled(1) == 2);
          CHECK(doubled(1.5) == 3);
          CHECK(doubled(std::string("ab")) == "abab");
          CHECK(doubled(std::string("ab")) == "abab");
        }) == 3);
}

TEST_CASE_METHOD(CacheFolder, "A generic callable is another one for each type of its arguments") {
  const auto third = memory.cache("third", [](auto x) { return x / 3; });
  CHECK(third(1.0F) == 1.0F / 3);
  CHECK(third(1.0) == 1.0 / 3);
  CHECK(third(1) == 0);
}

TEST_CASE_METHOD(CacheFolder, "A hashed argument counts by its digest") {
  const auto summed = memory.cache("total", total);
  const std::vector values{1.0, 2.0};
  const auto kept = hashed(values);
  CHECK(calls_of([&] {
          CHECK(summed(kept) == 3);
          CHECK(summed(hashed(values)) == 3);
        }) == 1);
  CHECK(summed(hashed(std::vector{1.0, 3.0})) == 4);
  CHECK(memory.entries().at(0).input_args.at(0).second.find("1.") != std::string::npos);
  const auto quick = hashed(values, {.name = "sha1"});
  CHECK(summed(quick) == 3);
  CHECK(summed.check_call_in_cache(quick));
}

TEST_CASE_METHOD(CacheFolder, "Ignored arguments make no difference") {
  const auto cached =
      memory.cache("f", weighted, {.ignore = {"verbose"}, .args = {"x", "weight", "verbose"}});
  CHECK(calls_of([&] {
          CHECK(cached(2, 3, false) == 6);
          CHECK(cached(2, 3, true) == 6);
        }) == 1);
  using Arguments = std::vector<std::pair<std::string, std::string>>;
  CHECK(memory.entries().at(0).input_args == Arguments{{"x", "2"}, {"weight", "3"}});
  const auto all = memory.cache("all", square, {.ignore = {"*"}});
  CHECK(calls_of([&] { all(1), all(2); }) == 1);
  const auto shown = memory.cache("shown", [](int x, const std::string&) { return x; },
                                  {.ignore = {"label"}, .args = {"x", "label"}});
  CHECK(shown(3, "\xff") == 3);
}

TEST_CASE_METHOD(CacheFolder, "Alternatives of a variant are different arguments") {
  using Number = std::variant<int, unsigned>;
  const auto index_of = memory.cache("index_of", [](const std::vector<Number>& numbers) {
    ++calls;
    return static_cast<int>(numbers.front().index());
  });
  CHECK(index_of(std::vector<Number>{1}) == 0);
  CHECK(index_of(std::vector<Number>{1U}) == 1);
  CHECK(calls_of([&] { CHECK(index_of(std::vector<Number>{1U}) == 1); }) == 0);
  // As Python has them, where the cache may be shared with it.
  const auto shared = memory.cache("shared", [](const Number& number) { return number.index(); },
                                   {.args = {"x"}, .version = ""});
  CHECK(shared(1) == 0);
  CHECK(fs::exists(root / "shared" / hash(std::map<std::string, int>{{"x", 1}}) / "output.pkl"));
}

TEST_CASE_METHOD(CacheFolder, "An object of a derived class is no object of its base class") {
  Square square;
  const Shape& shape = square;
  CHECK_THAT(
      error_text([&] { memory.cache("corners", corners_of)(shape); }),
      Contains("joblib::test::(anonymous namespace)::Square is known as a") && Contains("pickler"));
  const auto behind = memory.cache("behind", corners_behind);
  CHECK(error_of([&] { behind(std::make_shared<Square>()); }) == errc::invalid_argument);
  CHECK(behind(std::make_shared<Shape>()) == 0);
}

TEST_CASE("A null pointer instead of a text is hashed as nothing") {
  const char* const none = nullptr;
  CHECK(hash(none) == hash(nullptr));
}

TEST_CASE_METHOD(CacheFolder, "Options that don't fit the function are errors") {
  CHECK_THAT(error_text([&] { memory.cache("f", square, {.ignore = {"y"}, .args = {"x"}}); }),
             Contains("'y'") && Contains("f"));
  CHECK_THAT(error_text([&] { memory.cache("f", square, {.ignore = {"x"}}); }), Contains(".args"));
  CHECK(error_of([&] {
          memory.cache("f", square, {.args = {"x", "y"}});
        }) == errc::invalid_argument);
  const auto generic =
      memory.cache("g", [](const auto&... x) { return (0 + ... + x); }, {.args = {"x", "y"}});
  CHECK(generic(1, 2) == 3);
  CHECK_THAT(error_text([&] {
               memory.cache("w", weighted, {.args = {"x", "y", "x"}, .version = ""});
             }),
             Contains("two arguments of w") && Contains("'x'"));
  CHECK_THROWS_AS(Memory(folder.root(), {.compress = {"nope", 1}}), Error);
  CHECK_THAT(error_text([&] { generic(1); }), Contains("2 names") && Contains("1 argument"));
}

TEST_CASE_METHOD(CacheFolder, "The state of a callable that can be pickled counts") {
  CHECK(calls_of([&] {
          CHECK(memory.cache("add", Adder{1})(1) == 2);
          CHECK(memory.cache("add", Adder{2})(1) == 3);
          CHECK(memory.cache("add", Adder{1})(1) == 2);
        }) == 2);
}

TEST_CASE_METHOD(CacheFolder, "A callable's other state must be given") {
  CHECK_THAT(error_text([&] { memory.cache("add", Opaque{1}); }),
             Contains("'add'") && Contains(".state"));
  const auto with_capture = [&](int summand) {
    return memory.cache("capture", [summand](int x) { return ++calls, x + summand; },
                        {.state = summand});
  };
  int summand = 1;
  CHECK(error_of([&] { memory.cache("capture", [summand](int x) { return x + summand; }); }) ==
        errc::invalid_argument);
  CHECK(calls_of([&] {
          CHECK(with_capture(1)(1) == 2);
          CHECK(with_capture(2)(1) == 3);
          CHECK(with_capture(1)(1) == 2);
        }) == 2);
  CHECK(memory.cache("add", Opaque{1}, {.state = std::map<std::string, int>{{"by", 1}}})(1) == 2);
}

TEST_CASE_METHOD(CacheFolder, "A text that is not UTF-8 can't be an argument") {
  CHECK_THROWS_AS(memory.cache("length", length)("\xff"), Error);
}

}  // namespace joblib::test
