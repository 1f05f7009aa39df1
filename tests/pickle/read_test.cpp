// Python's values that C++ types are read from.

#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <variant>

#include "make.hpp"

namespace joblib::test {

using namespace std::string_view_literals;

TEST_CASE("Numbers are read from numpy's scalars") {
  CHECK(numpy_scalar<std::int16_t>("i2", -5).as<int>() == -5);
  CHECK(numpy_scalar<std::int16_t>(">i2", 256).as<int>() == 1);
  CHECK(numpy_scalar<std::uint64_t>("u8", UINT64_MAX).as<std::uint64_t>() == UINT64_MAX);
  CHECK(numpy_scalar<std::uint64_t>("u8", 7).as<std::int8_t>() == 7);
  CHECK(numpy_scalar<float>("f4", 0.5F).as<double>() == 0.5);
  CHECK(numpy_scalar<double>("f8", 0.5).as<float>() == 0.5F);
  CHECK(numpy_scalar<std::uint16_t>("f2", 0x3c00).as<float>() == 1.0F);
  CHECK(numpy_scalar<std::int32_t>("i4", 3).as<double>() == 3.0);
  CHECK(numpy_scalar<bool>("?", true).as<bool>());
  CHECK(numpy_scalar<std::complex<float>>("c8", {1, 2}).as<std::complex<double>>() ==
        std::complex(1.0, 2.0));
  CHECK(numpy_scalar<double>("f8", 0.5).as<std::complex<float>>() == 0.5F);
}

TEST_CASE("Numbers are read from arrays without axes") {
  CHECK(numpy_array("i4", bytes_of<int>({-7}), {}).as<int>() == -7);
  CHECK(numpy_array("f8", bytes_of<double>({1.5}), {}).as<double>() == 1.5);
}

TEST_CASE("float is read from int, and int from bool") {
  CHECK(Object(3).as<double>() == 3.0);
  CHECK(Object(std::int64_t{1} << 53).as<double>() == 0x1p53);
  CHECK(Object(INT64_MIN).as<double>() == -0x1p63);
  CHECK(Object(INT64_MAX).as<long double>() == static_cast<long double>(INT64_MAX));
  CHECK(Object(std::uint64_t{1} << 63).as<double>() == 0x1p63);
  CHECK(Object(UINT64_MAX).as<long double>() == static_cast<long double>(UINT64_MAX));
  CHECK(Object(true).as<int>() == 1);
  CHECK(Object(2).as<std::complex<double>>() == 2.0);
}

TEST_CASE("Nothing is lost") {
  CHECK(mismatch<double>(Object((std::int64_t{1} << 53) + 1)).starts_with("expected float"));
  CHECK(mismatch<double>(Object(INT64_MAX)).starts_with("expected float"));
  CHECK(mismatch<double>(Object(UINT64_MAX)).starts_with("expected float"));
  CHECK(
      mismatch<double>(numpy_scalar<std::int64_t>("i8", (1LL << 53) + 1)).starts_with("expected"));
  CHECK(mismatch<double>(numpy_scalar<std::uint64_t>("u8", UINT64_MAX)).starts_with("expected"));
  CHECK(mismatch<float>(Object(0.1)) ==
        "expected float that a C++ float holds exactly, found float");
  CHECK(mismatch<unsigned>(Object(-1)) ==
        "expected int within the range of its C++ type (0 to 4294967295), found int");
  CHECK(mismatch<std::int8_t>(Object(300)) ==
        "expected int within the range of its C++ type (-128 to 127), found int");
  CHECK(mismatch<int>(Object(1.0)) == "expected int, found float");
  CHECK(mismatch<std::int64_t>(Object(UINT64_MAX)).starts_with("expected int"));
  CHECK(mismatch<bool>(Object(1)) == "expected bool, found int");
  CHECK(mismatch<double>(Object(true)) == "expected float, found bool");
  CHECK(mismatch<long double>(Object(true)) == "expected float, found bool");
  CHECK(mismatch<std::complex<float>>(Object(0.1)).starts_with("expected complex"));
  CHECK(mismatch<double>(Object(std::complex(1.0, 0.0))) == "expected float, found complex");
  CHECK(mismatch<std::string>(Object(1)) == "expected str, found int");
  CHECK(mismatch<int>(Object("1")) == "expected int, found str");
  CHECK(mismatch<int>(Object()) == "expected int, found None");
  CHECK(mismatch<double>(numpy_scalar<long double>("f16", 0.1L)).starts_with("expected float"));
  CHECK(loads<float>(dumps(std::numeric_limits<double>::infinity())) ==
        std::numeric_limits<float>::infinity());
}

TEST_CASE("Text is read from bytes of ASCII, and bytes from bytearray") {
  CHECK(Object(bytes("abc")).as<std::string>() == "abc");
  CHECK(mismatch<std::string>(Object(bytes("\xc3\xa9"))) == "expected str, found bytes");
  CHECK(mismatch<bytes>(Object("abc")) == "expected bytes, found str");
  const Object array = Object::bytearray(std::as_bytes(std::span("ab", 2)));
  CHECK(array.as<bytes>() == bytes("ab"));
  CHECK(array.as<std::vector<std::byte>>().size() == 2);
}

TEST_CASE("Characters are text of length 1") {
  CHECK(Object("a").as<char>() == 'a');
  CHECK(Object("\xc3\xa9").as<char16_t>() == u'\u00e9');
  CHECK(Object("\xf0\x9f\x98\x80").as<char32_t>() == U'\U0001f600');
  CHECK(mismatch<char>(Object("\xc3\xa9")) == "expected str of one character, found str");
  CHECK(mismatch<char16_t>(Object("\xf0\x9f\x98\x80")) ==
        "expected str of one character, found str");
  CHECK(mismatch<char>(Object("ab")) == "expected str of one character, found str");
  CHECK(mismatch<char>(Object("")) == "expected str of one character, found str");
}

TEST_CASE("Paths keep what is not UTF-8") {
  const std::string native = GENERATE("plain", "caf\xe9/\xff", "\xc3\xa9", "\xed\xb2\x80",
                                      "\xf0\x9f", "a\xf0\x9f\x98", "");
  CAPTURE(native);
  CHECK(round_trip(std::filesystem::path(native)).native() == native);
}

TEST_CASE("Vectors of numbers are read from lists and from arrays that convert") {
  using Doubles = std::vector<double>;
  CHECK(Object(std::list<double>{1, 2}).as<Doubles>() == Doubles{1, 2});
  CHECK(Object(std::tuple(1, 2.5, 3)).as<Doubles>() == Doubles{1, 2.5, 3});
  CHECK(Object(std::vector<float>{1, 2}).as<Doubles>() == Doubles{1, 2});
  CHECK(Object(std::vector<int>{1, 2}).as<Doubles>() == Doubles{1, 2});
  CHECK(numpy_array(">u2", bytes(std::string_view("\1\0\0\2", 4)), {2}).as<Doubles>() ==
        Doubles{256, 2});
  CHECK(Object(std::vector<bool>{true}).as<std::vector<int>>() == std::vector{1});
  CHECK(Object(std::list<bool>{true, false}).as<std::vector<bool>>() ==
        std::vector<bool>{true, false});
  CHECK(mismatch<std::vector<float>>(Object(Doubles{1})) ==
        "expected an array of float32, found one of float64, which can't be converted without a "
        "loss");
  using Indices = std::vector<std::size_t>;
  CHECK(Object(std::vector<std::int64_t>{1, 2}).as<Indices>() == Indices{1, 2});
  CHECK(Object(std::vector<std::int64_t>{1, INT64_MIN}).as<Doubles>() == Doubles{1, -0x1p63});
  CHECK(mismatch<Indices>(Object(std::vector<std::int64_t>{1, -1})) ==
        "expected an array of uint64, found one of int64, which can't be converted without a loss");
  CHECK(mismatch<std::vector<std::int8_t>>(Object(std::vector<std::uint16_t>{128})) ==
        "expected an array of int8, found one of uint16, which can't be converted without a loss");
  CHECK(mismatch<Doubles>(Object(std::vector<std::int64_t>{(std::int64_t{1} << 53) + 1})) ==
        "expected an array of float64, found one of int64, which can't be converted without a "
        "loss");
  CHECK(mismatch<Doubles>(Object(std::list<std::string>{"x"})) ==
        "at [0]: expected float, found str");
  CHECK(mismatch<Doubles>(Object("x")) == "expected list or array of numbers, found str");
  CHECK(mismatch<Doubles>(numpy_array("f8", bytes_of<double>({1, 2}), {1, 2})) ==
        "expected array of one dimension, found numpy.ndarray of float64, shape (1, 2)");
}

TEST_CASE("Lists are read from tuples, deques and arrays") {
  using Strings = std::vector<std::string>;
  CHECK(Object(std::tuple("a", "b")).as<Strings>() == Strings{"a", "b"});
  const std::u32string text(U"abc\0", 4);
  CHECK(numpy_array("U2", bytes(std::as_bytes(std::span(text))), {2}).as<Strings>() ==
        Strings{"ab", "c"});
  CHECK(numpy_array("S2", bytes(std::string_view("abc\0", 4)), {2}).as<Strings>() ==
        Strings{"ab", "c"});
  CHECK(Object(std::vector<int>{1, 2}).as<std::list<int>>() == std::list{1, 2});
  const Object rows = numpy_array("i4", bytes_of<int>({1, 2, 3, 4}), {2, 2});
  CHECK(rows.as<std::vector<std::vector<int>>>() == std::vector<std::vector<int>>{{1, 2}, {3, 4}});
  CHECK(numpy_array("i4", bytes_of<int>({1, 2, 3, 4}), {2, 2}, "F")
            .as<std::vector<std::vector<int>>>() == std::vector<std::vector<int>>{{1, 3}, {2, 4}});
}

TEST_CASE("Items of an array live as long as they are used") {
  const std::vector<Object> loaded = loads<std::vector<Object>>(dumps(std::vector{1.5, 2.5}));
  CHECK(loaded[1].as<double>() == 2.5);
  const auto rows =
      numpy_array("i4", bytes_of<int>({1, 2, 3, 4}), {2, 2}).as<std::vector<Object>>();
  CHECK(rows[1].as<std::vector<int>>() == std::vector{3, 4});
}

TEST_CASE("Tuples are read from lists and arrays of their size") {
  CHECK(Object(std::list{1, 2}).as<std::pair<int, double>>() == std::pair(1, 2.0));
  CHECK(Object(std::vector{1, 2, 3}).as<std::array<int, 3>>() == std::array{1, 2, 3});
  CHECK(mismatch<std::pair<int, int>>(Object(std::tuple(1, 2, 3))) ==
        "expected tuple of 2 items, found 3");
  CHECK(mismatch<std::tuple<int, int>>(Object(std::tuple(1, "x"))) ==
        "at [1]: expected int, found str");
}

TEST_CASE("Maps are read from the dicts of collections") {
  using Map = std::map<std::string, int>;
  // OrderedDict(), then {'a': 1} is added to it
  CHECK(loads<Map>("\x80\x02"
                   "ccollections\nOrderedDict\n)R(X\x01\0\0\0aK\x01u."sv) == Map{{"a", 1}});
  CHECK(call("collections", "Counter", {Object(Map{{"a", 2}})}).as<Map>() == Map{{"a", 2}});
  CHECK(Object::dict({{Object("a"), Object(1)}, {Object("a"), Object(2)}}).as<Map>() ==
        Map{{"a", 2}});  // the last one counts, as in Python
  CHECK(mismatch<Map>(Object(std::map<int, int>{{5, 1}})) == "at [5]: expected str, found int");
  CHECK(mismatch<Map>(Object(1)) == "expected dict, found int");
}

TEST_CASE("Sets are read from frozensets") {
  CHECK(Object::frozenset({Object(1), Object(2)}).as<std::set<int>>() == std::set{1, 2});
  CHECK(Object(std::set<std::vector<int>>{{1, 2}}).as<std::set<std::vector<int>>>() ==
        std::set<std::vector<int>>{{1, 2}});
  CHECK(mismatch<std::set<int>>(Object(std::list{1})) == "expected set, found list");
}

TEST_CASE("Pointers and optionals are read from None or a value") {
  CHECK(Object().as<std::optional<int>>() == std::nullopt);
  CHECK(Object(3).as<std::optional<int>>() == 3);
  CHECK(Object().as<std::unique_ptr<int>>() == nullptr);
  CHECK(*Object(3).as<std::unique_ptr<int>>() == 3);
  CHECK(*Object("x").as<std::shared_ptr<const std::string>>() == "x");
  CHECK(mismatch<std::optional<int>>(Object("x")) == "expected int, found str");
  CHECK_NOTHROW(Object().as<std::monostate>());
  CHECK(mismatch<std::monostate>(Object(1)) == "expected None, found int");
}

TEST_CASE("Times are read from datetime64 and timedelta64") {
  using namespace std::chrono;
  CHECK(numpy_scalar<std::int64_t>("m8[ms]", 1500).as<microseconds>() == milliseconds(1500));
  CHECK(numpy_scalar<std::int64_t>("m8[25s]", 2).as<seconds>() == seconds(50));
  CHECK(numpy_scalar<std::int64_t>("M8[D]", 1).as<sys_days>() == sys_days(1970y / January / 2));
  CHECK(numpy_scalar<std::int64_t>("M8[ns]", 3'000).as<sys_time<microseconds>>() ==
        sys_time<microseconds>(microseconds(3)));
  CHECK(mismatch<microseconds>(numpy_scalar<std::int64_t>("m8[ns]", 1)).starts_with("expected"));
  CHECK(mismatch<seconds>(numpy_scalar<std::int64_t>("m8[ms]", 1)) ==
        "expected a time that the C++ type holds exactly, found numpy.timedelta64[ms]");
  CHECK(mismatch<seconds>(numpy_scalar<std::int64_t>("m8[s]", INT64_MIN)).starts_with("expected"));
  CHECK(mismatch<seconds>(Object(1)) == "expected timedelta, found int");
  CHECK(mismatch<sys_days>(Object(1)) == "expected datetime, found int");
}

TEST_CASE("Times come back, to the limits of Python's") {
  using namespace std::chrono;
  using Time = sys_time<microseconds>;
  const Time first = sys_days(1y / January / 1);
  const Time last = sys_days(9999y / December / 31) + hours(24) - microseconds(1);
  for (const Time time : {first, last, Time(), Time(microseconds(-1))})
    CHECK(round_trip(time) == time);
  CHECK(error_of(errc::invalid_argument, [&] { dumps(first - microseconds(1)); }) ==
        "Python's datetime has the years 1 to 9999 only, not 0");
  CHECK_THROWS_AS(dumps(last + microseconds(1)), Error);
  CHECK(round_trip(microseconds::min()) == microseconds::min());
  CHECK(round_trip(hours(-1)) == hours(-1));
  CHECK(error_of(errc::invalid_argument, [&] {
          dumps(nanoseconds(1));
        }).starts_with("a time is no whole number of microseconds"));
  CHECK_THROWS_AS(dumps(hours::max()), Error);
  CHECK(mismatch<nanoseconds>(Object(hours(24 * 365 * 400))).starts_with("expected a time"));
}

TEST_CASE("Times with a time zone become those of UTC") {
  using namespace std::chrono;
  const Object noon(sys_time<microseconds>(sys_days(2024y / March / 1) + hours(12)));
  const auto with_offset = [&](const auto& offset) {
    const Object zone = call("datetime", "timezone", {Object(offset)});
    return call("datetime", "datetime", {noon.arguments()[0], zone});
  };
  CHECK(with_offset(hours(2)).as<sys_time<hours>>() ==
        sys_time<hours>(sys_days(2024y / March / 1) + hours(10)));
  CHECK(mismatch<sys_time<hours>>(with_offset(hours(24))).starts_with("expected datetime"));
  CHECK(
      mismatch<sys_time<hours>>(with_offset(microseconds::min())).starts_with("expected datetime"));
}

TEST_CASE("A variant takes the exact type first, then the first that loses nothing") {
  using Number = std::variant<double, int, bool, std::string>;
  CHECK(Object(1).as<Number>().index() == 1);
  CHECK(Object(true).as<Number>().index() == 2);
  CHECK(Object(1.0).as<Number>().index() == 0);
  CHECK(Object(bytes("x")).as<Number>().index() == 3);
  CHECK(Object(std::int64_t{1} << 40).as<Number>().index() == 0);  // too large for int
  using Rows = std::variant<std::vector<float>, std::vector<int>, std::vector<std::string>>;
  CHECK(Object(std::vector{1, 2}).as<Rows>().index() == 1);
  CHECK(Object(std::vector<std::string>{"a"}).as<Rows>().index() == 2);
  CHECK(Object(std::list{1.5}).as<Rows>().index() == 0);
  CHECK(mismatch<Number>(Object()) ==
        "expected a value for one of the alternatives of a std::variant, found None");
  CHECK(round_trip(std::variant<std::monostate, int>()).index() == 0);
}

}  // namespace joblib::test
