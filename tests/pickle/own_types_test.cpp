// Types of a program: described with Boost.Describe, or with a joblib::pickler.

#include <boost/describe/class.hpp>
#include <list>
#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "make.hpp"

namespace shop {

struct Point {
  double x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};
BOOST_DESCRIBE_STRUCT(Point, (), (x, y))

struct Label {
  std::string text;
  friend bool operator==(const Label&, const Label&) = default;
};
BOOST_DESCRIBE_STRUCT(Label, (), (text))

struct Marker : Point, Label {
  std::vector<Point> trail;
  std::optional<Label> other;
  friend bool operator==(const Marker&, const Marker&) = default;
};
BOOST_DESCRIBE_STRUCT(Marker, (Point, Label), (trail, other))

struct Empty {};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

class Money {
 public:
  explicit Money(long cents) : cents_(cents) {}
  long cents() const { return cents_; }
  friend auto operator<=>(const Money&, const Money&) = default;

 private:
  long cents_;
};

class Account {
 public:
  explicit Account(int balance = 0) : balance_(balance) {}
  friend bool operator==(const Account&, const Account&) = default;

 private:
  int balance_;
  BOOST_DESCRIBE_CLASS(Account, (), (), (), (balance_))
};

struct Tree {
  int value = 0;
  std::vector<Tree> children;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (value, children))

struct Json {
  std::variant<std::nullptr_t, bool, double, std::string, std::vector<Json>,
               std::map<std::string, Json>>
      value;
};

struct OnlyWritten {};

}  // namespace shop

template <>
struct joblib::pickler<shop::Money> {
  static long to_state(const shop::Money& money) { return money.cents(); }
  static shop::Money from_state(long cents) {
    if (cents < 0) throw Error(errc::invalid_argument, "money can't be negative");
    return shop::Money(cents);
  }
};

template <>
struct joblib::pickler<shop::Json> {
  static const auto& to_state(const shop::Json& json) { return json.value; }
  static shop::Json from_state(decltype(shop::Json::value) value) { return {std::move(value)}; }
};

template <>
struct joblib::pickler<shop::OnlyWritten> {
  static const char* to_state(const shop::OnlyWritten&) { return "written"; }
};

namespace joblib::test {

using namespace shop;

TEST_CASE("A described struct is a dict of its members") {
  CHECK(in_python(Point{1, 2}).repr() == "{'x': 1.0, 'y': 2.0}");
  CHECK(Object(Point{1, 2}) == in_python(Point{1, 2}));
  CHECK(in_python(Label{"a"}).repr() == "{'text': 'a'}");
  CHECK(in_python(Empty{}).repr() == "{}");
  const Marker marker{{1, 2}, {"here"}, {{3, 4}, {5, 6}}, Label{"there"}};
  CHECK(in_python(marker).repr() ==
        "{'x': 1.0, 'y': 2.0, 'text': 'here', 'trail': [{'x': 3.0, 'y': 4.0}, {'x': 5.0, 'y': "
        "6.0}], 'other': {'text': 'there'}}");
  CHECK(round_trip(marker) == marker);
  CHECK_NOTHROW(round_trip(Empty{}));
  CHECK(in_python(Account(5)).repr() == "{'balance_': 5}");
  CHECK(round_trip(Account(5)) == Account(5));
}

TEST_CASE("A described struct is read from members in any order, and from instances") {
  const Object members = Object::dict({{Object("y"), Object(2)}, {Object("x"), Object(1)}});
  CHECK(members.as<Point>() == Point{1, 2});
  CHECK(Object::instance("geometry", "Point", members).as<Point>() == Point{1, 2});
  const Object slots = Object::instance("geometry", "Point", Object::tuple({Object(), members}));
  CHECK(slots.as<Point>() == Point{1, 2});
}

TEST_CASE("A described struct that lacks a member, or is something else, is an error") {
  const Object half(std::map<std::string, double>{{"x", 1}});
  CHECK(mismatch<Point>(half) == "there is no 'y'");
  CHECK(mismatch<std::vector<Point>>(Object(std::vector<Object>{half})) ==
        "at [0]: there is no 'y'");
  CHECK(mismatch<Point>(Object::instance("geometry", "Point", half)) == "there is no 'y'");
  CHECK(mismatch<Point>(Object(1)) == "expected dict, or an instance with attributes, found int");
  CHECK(mismatch<Marker>(Object::dict({{Object("x"), Object("1")}})) ==
        "at ['x']: expected float, found str");
}

TEST_CASE("A pickler goes by way of another type") {
  CHECK(in_python(Money(350)).repr() == "350");
  CHECK(round_trip(Money(350)) == Money(350));
  const std::map<Money, std::vector<Money>> nested{{Money(1), {Money(2), Money(3)}}};
  CHECK(round_trip(nested) == nested);
  CHECK(in_python(OnlyWritten()).repr() == "'written'");
  CHECK(in_python(std::vector<OnlyWritten>(2)).repr() == "['written', 'written']");
}

TEST_CASE("What a pickler throws is passed on, with the name of the file") {
  CHECK(error_of(errc::invalid_argument, [] { loads<Money>(dumps(-1)); }) ==
        "bytes: money can't be negative");
  CHECK(mismatch<std::vector<Money>>(Object(std::list<Object>{Object("x")})) ==
        "at [0]: expected int, found str");
}

TEST_CASE("Types that hold themselves are pickled") {
  const Tree tree{1, {{2, {{3, {}}}}, {4, {}}}};
  const Tree copy = round_trip(tree);
  CHECK(copy.children[0].children[0].value == 3);
  CHECK(copy.children[1].value == 4);
  const Json json{std::map<std::string, Json>{
      {"list", {std::vector<Json>{{nullptr}, {true}, {1.5}, {std::string("x")}}}}}};
  CHECK(in_python(json).repr() == "{'list': [None, True, 1.5, 'x']}");
  CHECK(in_python(round_trip(json)) == in_python(json));
}

TEST_CASE("A variant that doesn't fit is noticed in little time, however deep") {
  Object deep(bytes("\xff"));
  for (int i = 0; i < 200; ++i) deep = Object(std::vector<Object>{deep});
  CHECK(mismatch<Json>(deep).starts_with("expected a value for one of the alternatives"));
}

}  // namespace joblib::test
