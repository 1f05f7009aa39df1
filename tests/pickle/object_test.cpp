// The public face of Object.

#include <atomic>
#include <complex>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "make.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "store/child.hpp"

namespace joblib::test {

using Type = Object::Type;
using namespace std::string_view_literals;

TEST_CASE("An Object knows its type and its class") {
  const auto is = [](const Object& object, Type type, std::string_view class_name) {
    CAPTURE(object.repr());
    CHECK(object.type() == type);
    CHECK(object.class_name() == class_name);
    CHECK(in_python(object).type() == type);
    CHECK(in_python(object) == object);
  };
  is(Object(), Type::none, "builtins.NoneType");
  is(Object(true), Type::boolean, "builtins.bool");
  is(Object(1), Type::integer, "builtins.int");
  is(Object(UINT64_MAX), Type::integer, "builtins.int");
  is(Object(1.5), Type::real, "builtins.float");
  is(Object(std::complex(1.0, 2.0)), Type::complex, "builtins.complex");
  is(Object("a"), Type::str, "builtins.str");
  is(Object(bytes("a")), Type::bytes, "builtins.bytes");
  is(Object::bytearray(std::as_bytes(std::span("ab", 2))), Type::bytearray, "builtins.bytearray");
  is(Object(std::list{1}), Type::list, "builtins.list");
  is(Object::tuple({Object(1)}), Type::tuple, "builtins.tuple");
  is(Object(std::map<int, int>{{1, 2}}), Type::dict, "builtins.dict");
  is(Object(std::set{1}), Type::set, "builtins.set");
  is(Object::frozenset({Object(1)}), Type::frozenset, "builtins.frozenset");
  is(Object(std::vector{1}), Type::array, "numpy.ndarray");
  is(numpy_scalar("f8", 1.5), Type::scalar, "numpy.float64");
  is(numpy_dtype("f8"), Type::dtype, "numpy.dtype");
  is(Object::global("os.path", "join"), Type::global, "os.path.join");
  is(Object::instance("a.b", "C", Object()), Type::instance, "a.b.C");
  is(call("fractions", "Fraction", {Object("1/2")}), Type::instance, "fractions.Fraction");
}

TEST_CASE("Items are found by position") {
  const Object list(std::list{1, 2, 3});
  CHECK(list.size() == 3);
  CHECK(list[0].as<int>() == 1);
  CHECK(list[-1].as<int>() == 3);
  CHECK(error_of(errc::out_of_range, [&] { list[3]; }) ==
        "position 3 is outside of list of 3 items");
  CHECK_THROWS_AS(list[-4], Error);
  CHECK(Object(std::vector{1.5, 2.5})[1].as<double>() == 2.5);
  const Object rows = numpy_array("i4", bytes_of<int>({1, 2, 3, 4}), {2, 2});
  CHECK(rows[1].as<std::vector<int>>() == std::vector{3, 4});
  CHECK(rows[1][0].as<int>() == 3);
  CHECK(error_of(errc::type_mismatch, [] { Object(1)[0]; }) == "int has no items by position");
  CHECK_THROWS_AS(Object(std::set{1})[0], Error);
  CHECK_THROWS_AS(numpy_array("i4", bytes_of<int>({1}), {})[0], Error);
}

TEST_CASE("Entries are found by key") {
  const Object dict = Object::dict({{Object("a"), Object(1)},
                                    {Object(2), Object("two")},
                                    {Object::tuple({Object(1), Object("x")}), Object(3.5)}});
  CHECK(dict.size() == 3);
  CHECK(dict["a"].as<int>() == 1);
  CHECK(dict[2].as<std::string>() == "two");
  CHECK(dict[Object(2.0)].as<std::string>() == "two");
  CHECK(dict[Object::tuple({Object(1), Object("x")})].as<double>() == 3.5);
  CHECK(dict.contains("a"));
  CHECK_FALSE(dict.contains("b"));
  CHECK(dict.contains(Object(2)));
  CHECK(error_of(errc::out_of_range, [&] { dict["b"]; }) == "there is no key 'b'");
  CHECK(error_of(errc::out_of_range, [&] { dict[7]; }) == "there is no key 7");
  CHECK(error_of(errc::type_mismatch, [&] { Object(1)["a"]; }) == "int has no keys");
  CHECK(dict.items()[1].second.as<std::string>() == "two");
  CHECK_THROWS_AS(Object(1).items(), Error);
  CHECK_FALSE(Object::dict({}).contains("a"));
}

TEST_CASE("Keys of large dicts are found fast, whatever their type") {
  const int size = 100'000;
  const int tuple_count = 20'000;
  std::vector<std::pair<Object, Object>> entries;
  for (int i = 0; i < tuple_count; ++i) {
    const Object number(i);
    const Object nested = Object::tuple({Object::tuple({number}), Object::frozenset({number})});
    entries.emplace_back(nested, number);
  }
  const Object tuples = in_python(Object::dict(entries));
  std::map<std::string, int> map;
  for (int i = 0; i < size; ++i) map.emplace(std::to_string(i), i);
  const Object texts = in_python(map);
  int found = 0;
  for (int i = 0; i < size; i += 7) {
    if (texts[std::to_string(i)].as<int>() == i) ++found;
    if (i < tuple_count && tuples[entries[static_cast<std::size_t>(i)].first].as<int>() == i)
      ++found;
  }
  CHECK(found == (size + 6) / 7 + (tuple_count + 6) / 7);
  std::vector<std::pair<Object, Object>> reversed(entries.rbegin(), entries.rend());
  CHECK(tuples == Object::dict(reversed));
}

TEST_CASE("Containers tell what they hold") {
  CHECK(Object(std::list{1, 2}).contains(Object(2)));
  CHECK(Object(std::set<std::string>{"a"}).contains("a"));
  CHECK_FALSE(Object(std::set<std::string>{"a"}).contains("b"));
  CHECK_THROWS_AS(Object(1).contains("a"), Error);
  CHECK_THROWS_AS(Object("abc").size(), Error);
  CHECK(error_of(errc::type_mismatch, [] { Object(1).size(); }) == "int has no size");
}

TEST_CASE("Items and keys can be iterated over") {
  std::string text;
  for (const Object& item : Object(std::list{1, 2})) text += item.repr() + ' ';
  for (const Object& key : Object(std::map<std::string, int>{{"a", 1}, {"b", 2}}))
    text += key.repr() + ' ';
  for (const Object& item : Object::frozenset({Object(3)})) text += item.repr() + ' ';
  CHECK(text == "1 2 'a' 'b' 3 ");
  static_assert(std::forward_iterator<Object::Iterator>);
  CHECK(Object(std::list<int>()).begin() == Object(std::list<int>()).end());
  CHECK(Object(std::map<int, int>()).begin() == Object(std::map<int, int>()).end());
  CHECK_THROWS_AS(Object(1).begin(), Error);
  CHECK_THROWS_AS(Object("abc").begin(), Error);
  const auto first = [] { return *Object(std::list<std::string>{"kept"}).begin(); }();
  CHECK(first.as<std::string>() == "kept");
}

TEST_CASE("Instances are data") {
  const Object state(std::map<std::string, int>{{"depth", 3}});
  const Object tree = in_python(Object::instance("forest", "Tree", state));
  CHECK(tree.class_name() == "forest.Tree");
  CHECK(tree.attr("depth").as<int>() == 3);
  CHECK(tree.has_attr("depth"));
  CHECK_FALSE(tree.has_attr("width"));
  CHECK(error_of(errc::out_of_range, [&] { tree.attr("width"); }) ==
        "forest.Tree has no attribute 'width'");
  CHECK_THROWS_AS(Object(1).attr("real"), Error);
  CHECK_FALSE(Object(1).has_attr("real"));
  CHECK(tree.callable() == Object::global("forest", "Tree"));
  CHECK(tree.arguments() == Object::tuple({}));
  CHECK(tree.state() == state);
  CHECK(tree.repr() == "forest.Tree(depth=3)");
  CHECK_THROWS_AS(Object(1).callable(), Error);
  CHECK_THROWS_AS(Object(1).arguments(), Error);
  CHECK(Object(1).state().is_none());
  CHECK(call("fractions", "Fraction", {Object("1/2")}).repr() == "fractions.Fraction('1/2')");
}

TEST_CASE("Arrays tell their dtype, shape and bytes") {
  const Object rows =
      numpy_array("<i2", bytes(std::string_view("\1\0\2\0\3\0\4\0", 8)), {2, 2}, "F");
  CHECK(rows.dtype().name() == "int16");
  CHECK(rows.shape() == std::vector<std::size_t>{2, 2});
  CHECK(rows.tobytes().view() == std::string_view("\1\0\3\0\2\0\4\0", 8));
  CHECK(rows.size() == 2);
  CHECK(numpy_scalar("f8", 1.5).shape().empty());
  CHECK(numpy_dtype("f8").dtype() == dtype("f8"));
  CHECK_THROWS_AS(Object(1).dtype(), Error);
  CHECK_THROWS_AS(Object(1).shape(), Error);
  CHECK_THROWS_AS(Object(1).tobytes(), Error);
}

TEST_CASE("Fields of structures are arrays that share the elements") {
  const Object record = load(JOBLIB_TEST_DATA "/vectors/arr_struct.pkl");
  const std::string field = record.dtype().fields()[0].name;
  CHECK(record[field].shape() == record.shape());
  CHECK(record[field].dtype() == record.dtype().fields()[0].type);
  CHECK(error_of(errc::out_of_range, [&] { record["no such field"]; }) ==
        "the array has no field 'no such field'");
  const Object titles = load(JOBLIB_TEST_DATA "/vectors/arr_struct_titles.pkl");
  const dtype::Field titled = titles.dtype().fields()[0];
  CHECK(titles[titled.title] == titles[titled.name]);
}

TEST_CASE("Python's == is that of Objects") {
  CHECK(Object(1) == Object(1.0));
  CHECK(Object(true) == Object(1));
  CHECK(Object(1) == Object(std::complex(1.0, 0.0)));
  CHECK(Object(0.0) == Object(-0.0));
  CHECK_FALSE(Object(std::int64_t{1} << 53) == Object(0x1p53 + 2));
  CHECK_FALSE(Object(INT64_MAX) == Object(0x1p63));
  CHECK_FALSE(Object(1) == Object("1"));
  CHECK_FALSE(Object() == Object(false));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(Object(nan) == Object(nan));
  CHECK(Object(bytes("a")) == Object::bytearray(std::as_bytes(std::span("a", 1))));
  CHECK_FALSE(Object("a") == Object(bytes("a")));
  CHECK_FALSE(Object(std::list{1}) == Object(std::tuple(1)));
  CHECK(Object(std::set{1, 2}) == Object::frozenset({Object(2), Object(1)}));
  CHECK_FALSE(Object(std::set{1, 2}) == Object(std::set{1, 3}));
  const auto dict = [](const char* first, const char* second) {
    return Object::dict({{Object(first), Object(first)}, {Object(second), Object(second)}});
  };
  CHECK(dict("a", "b") == dict("b", "a"));
  CHECK_FALSE(dict("a", "b") == dict("a", "c"));
  CHECK(Object(std::vector{1, 2}) == numpy_array("i4", bytes_of<int>({1, 2}), {2}));
  CHECK_FALSE(Object(std::vector{1, 2}) == Object(std::vector{1, 3}));
  CHECK_FALSE(Object(std::vector{1}) == Object(std::vector<std::int64_t>{1}));
  CHECK(numpy_array("i4", bytes_of<int>({1, 2, 3, 4}), {2, 2}) ==
        numpy_array("i4", bytes_of<int>({1, 3, 2, 4}), {2, 2}, "F"));
  const Object half = call("fractions", "Fraction", {Object("1/2")});
  CHECK(half == call("fractions", "Fraction", {Object("1/2")}));
  CHECK_FALSE(half == call("fractions", "Fraction", {Object("1/3")}));
}

TEST_CASE("Keys that repeat count once") {
  const Object twice = Object::dict({{Object("a"), Object(1)}, {Object("a"), Object(2)}});
  CHECK(twice["a"].as<int>() == 2);
  CHECK(Object(std::map<std::string, int>{{"a", 2}}).contains("a"));
}

TEST_CASE("repr is close to Python's") {
  const auto repr = [](const auto& value) { return Object(value).repr(); };
  CHECK(repr(1e16) == "1e+16");
  CHECK(repr(1e15) == "1000000000000000.0");
  CHECK(repr(1e-5) == "1e-05");
  CHECK(repr(0.0001) == "0.0001");
  CHECK(repr(1.5e300) == "1.5e+300");
  CHECK(repr(5e-324) == "5e-324");
  CHECK(repr(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(repr(std::complex(0.0, -1.0)) == "-1j");
  CHECK(repr(std::complex(-0.0, 1.0)) == "(-0+1j)");
  CHECK(repr(std::complex(1e16, 0.5)) == "(1e+16+0.5j)");
  CHECK(repr("it's") == "\"it's\"");
  CHECK(repr("it's \"it\"") == "'it\\'s \"it\"'");
  CHECK(repr("\xc2\xa0\xe2\x80\xa8\xc3\xa9") == "'\\xa0\\u2028\xc3\xa9'");
  CHECK(Object::global("builtins", "int").repr() == "<class 'int'>");
  CHECK(Object(std::vector{1.0}).repr(std::string::npos) == "array([1.])");
  CHECK(repr("'" + std::string(20'000, 'a') + '"').starts_with("'\\'aaa"));
  CHECK(repr("\n\t\r\\\x01\x7f") == "'\\n\\t\\r\\\\\\x01\\x7f'");
  CHECK(repr(bytes("'\xe9\n")) == "b\"'\\xe9\\n\"");
  CHECK(Object::bytearray(std::as_bytes(std::span("a", 1))).repr() == "bytearray(b'a')");
  CHECK(Object::tuple({}).repr() == "()");
  CHECK(Object::frozenset({}).repr() == "frozenset()");
  CHECK(numpy_dtype(">i2").repr() == "dtype('>i2')");
  CHECK(Object::global("os.path", "join").repr() == "<class 'os.path.join'>");
  std::ostringstream stream;
  stream << Object(std::list{1, 2});
  CHECK(stream.str() == "[1, 2]");
}

TEST_CASE("Arrays are printed as numpy prints them") {
  const auto repr = [](const auto& value) { return Object(value).repr(); };
  CHECK(repr(std::vector{0.0, 1.5, -2.25}) == "array([ 0.  ,  1.5 , -2.25])");
  CHECK(repr(std::vector{1e-5, 123.0}) == "array([1.00e-05, 1.23e+02])");
  CHECK(repr(std::vector{1.0 / 3, std::numeric_limits<double>::infinity()}) ==
        "array([0.33333333,        inf])");
  CHECK(repr(std::vector{0.1F}) == "array([0.1], dtype=float32)");
  CHECK(repr(std::vector<double>()) == "array([], dtype=float64)");
  CHECK(repr(std::vector<std::int64_t>{7, -10}) == "array([  7, -10])");
  CHECK(repr(std::vector<std::uint8_t>{7, 10}) == "array([ 7, 10], dtype=uint8)");
  CHECK(repr(std::vector{std::complex(1.0, -1.0)}) == "array([1.-1.j])");
  CHECK(repr(ndarray<std::int64_t>({2, 2, 2})) ==
        "array([[[0, 0],\n        [0, 0]],\n\n       [[0, 0],\n        [0, 0]]])");
  CHECK(repr(std::vector<std::int64_t>(1'001)) == "array([0, 0, 0, ..., 0, 0, 0])");
  CHECK(repr(std::vector<std::int32_t>(25)) ==
        "array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n"
        "       0, 0, 0], dtype=int32)");
}

TEST_CASE("Times are printed as datetime prints them") {
  using namespace std::chrono;
  const auto repr = [](const auto& value) { return Object(value).repr(); };
  const sys_seconds noon = sys_days(year(2020) / 1 / 2) + hours(12);
  CHECK(repr(time_point_cast<microseconds>(noon)) == "datetime.datetime(2020, 1, 2, 12, 0)");
  CHECK(repr(time_point_cast<microseconds>(noon) + microseconds(3)) ==
        "datetime.datetime(2020, 1, 2, 12, 0, 0, 3)");
  CHECK(repr(microseconds(0)) == "datetime.timedelta(0)");
  CHECK(repr(microseconds(-1)) ==
        "datetime.timedelta(days=-1, seconds=86399, microseconds=999999)");
}

TEST_CASE("Long reprs are cut off between characters") {
  const Object accents = [] {
    std::string all;
    for (int i = 0; i < 100; ++i) all += "\xc3\xa9";
    return Object(all);
  }();
  for (std::size_t most = 0; most < 20; ++most) {
    const std::string repr = accents.repr(most);
    CHECK(repr.size() <= most + 3);
    CHECK_NOTHROW(Object(repr));  // UTF-8
  }
  CHECK(Object(std::list<int>(100'000)).repr().size() == 10'003);
}

TEST_CASE("Threads may look into one Object at the same time") {
  std::map<std::string, int> map;
  for (int i = 0; i < 1'000; ++i) map.emplace(std::to_string(i), i);
  const Object object = in_python(std::map<std::string, std::map<std::string, int>>{{"map", map}});
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      const Object own = object["map"];
      for (int i = thread; i < 1'000; i += 4) {
        if (own[std::to_string(i)].as<int>() == i && own.contains(std::to_string(i))) ++right;
      }
      if (own.repr() == object["map"].repr() && own == object["map"]) ++right;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 1'004);
}

TEST_CASE("Children that are forked while a thread looks into an Object do so, too") {
  if (thread_sanitizer || address_sanitizer) return;  // forks may find its allocator locked
  std::map<std::string, int> map;
  for (int i = 0; i < 100'000; ++i) map.emplace(std::to_string(i), i);
  const Object object = in_python(map);
  std::atomic<bool> begins = false;
  std::list<Child> children;
  {
    const std::jthread first([&] {
      begins = true;
      begins.notify_one();
      object.contains("1");
    });
    begins.wait(false);
    for (int i = 0; i < 5; ++i)
      children.emplace_back([&](Child&) { return object["2"].as<int>() == 2; });
  }
  for (Child& child : children) CHECK(child.ended_well());
}

}  // namespace joblib::test
