// What C++ values are in Python.

#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <numbers>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "make.hpp"

namespace joblib::test {
namespace {

using Type = Object::Type;

// "class: repr" of what Python gets.
template <class T>
std::string python(const T& value) {
  const Object object = in_python(value);
  const std::string name = object.class_name();
  constexpr std::string_view builtins = "builtins.";
  return (name.starts_with(builtins) ? name.substr(builtins.size()) : name) + ": " + object.repr();
}

enum class Colour : std::uint8_t { red = 1, green = 200 };
enum Signed { minus = -5 };

}  // namespace

TEST_CASE("Numbers become int and float") {
  CHECK(python(true) == "bool: True");
  CHECK(python(42) == "int: 42");
  CHECK(python(static_cast<signed char>(-1)) == "int: -1");
  CHECK(python(static_cast<unsigned char>(255)) == "int: 255");
  CHECK(python(std::int16_t{-256}) == "int: -256");
  CHECK(python(std::int64_t{INT64_MIN}) == "int: -9223372036854775808");
  CHECK(python(std::uint64_t{UINT64_MAX}) == "int: 18446744073709551615");
  CHECK(python(Colour::green) == "int: 200");
  CHECK(python(minus) == "int: -5");
  CHECK(python(std::byte{7}) == "int: 7");
  CHECK(python(0.1) == "float: 0.1");
  CHECK(python(0.5F) == "float: 0.5");
  CHECK(python(-0.0) == "float: -0.0");
  CHECK(python(1e300 * 1e300) == "float: inf");
  CHECK(python(std::complex(1.0, -2.5)) == "complex: (1-2.5j)");
  CHECK(python(std::complex(0.0F, 1.0F)) == "complex: 1j");
}

TEST_CASE("A long double becomes numpy's") {
  const Object object = in_python(std::numbers::pi_v<long double>);
  CHECK(object.type() == Type::scalar);
  CHECK(object.dtype().str() == "<f16");
  CHECK(object.as<long double>() == std::numbers::pi_v<long double>);
  CHECK(in_python(std::complex<long double>(1, 2)).dtype().str() == "<c32");
}

TEST_CASE("Text becomes str and bytes become bytes") {
  const char* const pointer = "pointer";
  CHECK(python("literal") == "str: 'literal'");
  CHECK(python(pointer) == "str: 'pointer'");
  CHECK(python(std::string("h\xc3\xa9 \xf0\x9f\x98\x80")) == "str: 'h\xc3\xa9 \xf0\x9f\x98\x80'");
  CHECK(python(std::string_view("view")) == "str: 'view'");
  CHECK(python(std::string("a\0b", 3)) == "str: 'a\\x00b'");
  CHECK(python(std::string()) == "str: ''");
  CHECK(python('c') == "str: 'c'");
  CHECK(python(u'\u00e9') == "str: '\xc3\xa9'");
  CHECK(python(U'\U0001f600') == "str: '\xf0\x9f\x98\x80'");
  CHECK(python(std::filesystem::path("a/b")) == "str: 'a/b'");
  CHECK(python(bytes("a\xff")) == "bytes: b'a\\xff'");
  CHECK(python(std::vector<std::byte>{std::byte{1}}) == "bytes: b'\\x01'");
}

TEST_CASE("Rows of numbers become arrays") {
  const std::vector<double> values{1.5, 2};
  CHECK(python(values) == "numpy.ndarray: array([1.5, 2. ])");
  CHECK(python(std::span(values)) == python(values));
  CHECK(python(std::vector<std::uint8_t>{1}) == "numpy.ndarray: array([1], dtype=uint8)");
  CHECK(python(std::vector<bool>{true, false}) == "numpy.ndarray: array([ True, False])");
  CHECK(python(std::vector<std::complex<float>>{{1, 1}}) ==
        "numpy.ndarray: array([1.+1.j], dtype=complex64)");
  CHECK(python(std::vector<int>()) == "numpy.ndarray: array([], dtype=int32)");
  CHECK(python(std::vector<long double>{1}) == "numpy.ndarray: array([1.], dtype=float128)");
}

TEST_CASE("Other sequences become list and tuple") {
  CHECK(python(std::vector<std::string>{"a", "b"}) == "list: ['a', 'b']");
  CHECK(python(std::vector<std::string>{"a"}) == "list: ['a']");
  CHECK(python(std::vector<std::string>()) == "list: []");
  CHECK(python(std::list<int>{1, 2}) == "list: [1, 2]");
  CHECK(python(std::deque<double>{1.5}) == "list: [1.5]");
  CHECK(python(std::tuple(1, "x", 2.5)) == "tuple: (1, 'x', 2.5)");
  CHECK(python(std::tuple(1, 2, 3, 4)) == "tuple: (1, 2, 3, 4)");
  CHECK(python(std::tuple(1)) == "tuple: (1,)");
  CHECK(python(std::tuple()) == "tuple: ()");
  CHECK(python(std::pair(1, true)) == "tuple: (1, True)");
  CHECK(python(std::array{1, 2}) == "tuple: (1, 2)");
  CHECK(python(std::array<int, 0>{}) == "tuple: ()");
}

TEST_CASE("Maps become dict and sets become set") {
  CHECK(python(std::map<std::string, int>{{"a", 1}, {"b", 2}}) == "dict: {'a': 1, 'b': 2}");
  CHECK(python(std::unordered_map<int, bool>{{1, true}}) == "dict: {1: True}");
  CHECK(python(std::map<int, int>()) == "dict: {}");
  CHECK(python(std::set<int>{2, 1}) == "set: {1, 2}");
  CHECK(python(std::unordered_set<std::string>{"x"}) == "set: {'x'}");
  CHECK(python(std::set<int>()) == "set: set()");
  CHECK(python(std::map<std::vector<int>, int>{{{1, 2}, 3}}) == "dict: {(1, 2): 3}");
  CHECK(python(std::map<std::set<int>, int>{{{1, 2}, 3}}) == "dict: {frozenset({1, 2}): 3}");
  CHECK(python(std::set<std::vector<bool>>{{true}}) == "set: {(True,)}");
  CHECK(python(std::set<std::pair<int, std::vector<std::string>>>{{1, {"a"}}}) ==
        "set: {(1, ('a',))}");
}

TEST_CASE("What may be empty becomes None or its value") {
  CHECK(python(std::optional<int>()) == "NoneType: None");
  CHECK(python(std::optional(3)) == "int: 3");
  CHECK(python(std::nullopt) == "NoneType: None");
  CHECK(python(nullptr) == "NoneType: None");
  CHECK(python(std::monostate()) == "NoneType: None");
  CHECK(python(std::unique_ptr<int>()) == "NoneType: None");
  CHECK(python(std::make_unique<std::string>("x")) == "str: 'x'");
  CHECK(python(std::make_shared<const double>(1.5)) == "float: 1.5");
  CHECK(python(std::variant<int, std::string>("x")) == "str: 'x'");
}

TEST_CASE("Times become datetime and timedelta") {
  using namespace std::chrono;
  CHECK(python(microseconds(-1)) ==
        "datetime.timedelta: datetime.timedelta(days=-1, seconds=86399, microseconds=999999)");
  CHECK(python(days(2) + milliseconds(5)) ==
        "datetime.timedelta: datetime.timedelta(days=2, microseconds=5000)");
  CHECK(python(duration<double>(0.5)) ==
        "datetime.timedelta: datetime.timedelta(microseconds=500000)");
  const sys_days day = 2024y / February / 29;
  CHECK(python(day + hours(1) + microseconds(2)) ==
        "datetime.datetime: "
        "datetime.datetime(2024, 2, 29, 1, 0, 0, 2)");
}

TEST_CASE("Values can be nested") {
  using Nested = std::map<std::string, std::vector<std::optional<std::pair<int, std::set<int>>>>>;
  const Nested nested{{"a", {std::nullopt, {{1, {2, 3}}}}}, {"b", {}}};
  CHECK(python(nested) == "dict: {'a': [None, (1, {2, 3})], 'b': []}");
  CHECK(round_trip(nested) == nested);
  const std::vector<std::vector<std::vector<double>>> cube{{{1, 2}, {}}, {}};
  CHECK(round_trip(cube) == cube);
}

TEST_CASE("Long containers are written in batches") {
  const std::size_t size = GENERATE(999, 1000, 1001, 2000, 2001, 5000);
  const int protocol = GENERATE(2, 3, 4, 5);
  CAPTURE(size, protocol);
  std::list<int> list;
  std::map<int, std::string> map;
  std::set<std::string> set;
  for (std::size_t i = 0; i < size; ++i) {
    list.push_back(static_cast<int>(i));
    map.emplace(static_cast<int>(i), std::to_string(i));
    set.insert(std::to_string(i));
  }
  CHECK(round_trip(list, {.protocol = protocol}) == list);
  CHECK(round_trip(map, {.protocol = protocol}) == map);
  CHECK(round_trip(set, {.protocol = protocol}) == set);
}

TEST_CASE("Long text and bytes are written in any protocol") {
  const std::size_t size = GENERATE(255, 256, 257, 65'535, 65'536, 200'000);
  const int protocol = GENERATE(2, 3, 4, 5);
  CAPTURE(size, protocol);
  bytes all_bytes;
  for (std::size_t i = 0; i < size; ++i) all_bytes.push_back(static_cast<std::byte>(i));
  const std::tuple value(std::string(size, 'x'), all_bytes,
                         std::vector<std::string>(3, "\xc3\xa9"));
  CHECK(round_trip(value, {.protocol = protocol}) == value);
}

}  // namespace joblib::test
