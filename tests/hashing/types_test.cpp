// What C++ values hash to: the digests are those of Python's joblib for the value in the comment.

#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include <boost/describe/class.hpp>

#include "pickle/make.hpp"

#include "joblib/hash.hpp"

namespace joblib::test {

using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

enum class Colour : std::uint8_t { red = 1, green = 200 };

struct Point {
  int x = 1;
  double y = 2.5;
};
BOOST_DESCRIBE_STRUCT(Point, (), (x, y))

struct PointInOtherOrder {
  double y = 2.5;
  int x = 1;
};
BOOST_DESCRIBE_STRUCT(PointInOtherOrder, (), (y, x))

struct Celsius {
  double degrees = 0;
};

}  // namespace
}  // namespace joblib::test

template <>
struct joblib::pickler<joblib::test::Celsius> {
  static double to_state(const joblib::test::Celsius& celsius) { return celsius.degrees; }
  static joblib::test::Celsius from_state(double degrees) { return {degrees}; }
};

namespace joblib::test {

TEST_CASE("Numbers hash as bool, int, float and complex") {
  CHECK(hash(true) == "d96559e4facb8ecd8831a6d6b300cf00");                   // True
  CHECK(hash(0) == "83a696a104863aa210c0dd529176a3e5");                      // 0
  CHECK(hash(-1) == "518fc011e8dc77519c392c578ab79a30");                     // -1
  CHECK(hash(255U) == "1a83f16e46fc7da31fefd76d46d1431d");                   // 255
  CHECK(hash(std::int16_t{256}) == "fe9f55260fc3be7dddbd2af98d46e4f8");      // 256
  CHECK(hash(70'000) == "07ba124c1ce355fd801d381d0ac6d6c1");                 // 70000
  CHECK(hash(std::int64_t{1} << 31) == "7364f24f2e05afa2618902d7203ae38f");  // 2**31
  // -2**63
  CHECK(hash(std::numeric_limits<std::int64_t>::min()) == "dfed677cc24f298fc897766a5574a63a");
  // 2**64-1
  CHECK(hash(std::numeric_limits<std::uint64_t>::max()) == "f5b2eceaba434d23a30898632b0fa67c");
  CHECK(hash(std::byte{7}) == "2da1b6b8e76607feb5084311ea72fddd");   // 7
  CHECK(hash(Colour::green) == "0226d725aca81f419391b0f14bd7dcdd");  // 200
  CHECK(hash(1.5) == "ee2d0705d30a47f42a78e601296ce212");            // 1.5
  CHECK(hash(1.5F) == "ee2d0705d30a47f42a78e601296ce212");           // 1.5
  CHECK(hash(-0.0) == "c342fd413234313c58648b2431c63a3b");           // -0.0
  // float("inf")
  CHECK(hash(std::numeric_limits<double>::infinity()) == "b056d2822956dad76a2855e207e9b102");
  CHECK(hash(std::complex(1.0, -2.0)) == "f4a2f345bd59cfcdb869cae30a5da69d");  // 1-2j
  CHECK(hash(2.0L) == "8126d5c2189992f268862512d7dfbe3c");                     // np.longdouble(2)
  // np.clongdouble(1+2j)
  CHECK(hash(std::complex(1.0L, 2.0L)) == "f78b34ad492c700add14bf267ff1bd5a");
}

TEST_CASE("Text hashes as str and bytes as bytes") {
  CHECK(hash("caf\u00e9") == "7394d3b107d5d01829e870818db0a9fb");            // "caf\u00e9"
  CHECK(hash(""s) == "1260d54833ff6438804f983e15d807fb");                    // ""
  CHECK(hash(std::string(300, 'x')) == "9af352ad30468115c1fef4484a02ed83");  // "x"*300
  CHECK(hash('a') == "0357109b163771392cc674173d921e4b");                    // "a"
  CHECK(hash(U'\U0001f600') == "2929dbfaaf43dee647bf7adc4888b71b");          // "\U0001f600"
  CHECK(hash(std::filesystem::path("/tmp/a")) == "37cb7fdbb36369cf0bf139531554475e");  // "/tmp/a"
  CHECK(hash(std::filesystem::path("\xff")) == "c4f5a8976ecddf4b5bcc8aa20fb2c50b");    // "\udcff"
  // b"\x00\xff"
  CHECK(hash(bytes{std::byte{0}, std::byte{255}}) == "c62703a856e37427b58be4e77d072e4d");
  CHECK(hash(std::vector<std::byte>(256)) == "b336cd4b7d96a0f58aafa832bc5a9837");  // bytes(256)
}

TEST_CASE("Arithmetic vectors hash as arrays of one axis") {
  CHECK(hash(std::vector{1.5, 2.5}) == "20d4ba886850cbce67f5dec39b57b7ad");  // np.array([1.5, 2.5])
  // np.array([1.5], "f4")
  CHECK(hash(std::vector<float>{1.5F}) == "a31873b179c59a75d79749b325c3628f");
  // np.array([-1, 2], "i1")
  CHECK(hash(std::vector<std::int8_t>{-1, 2}) == "7638c468dac8dc712e36c8a45c4ac2f7");
  // np.array([], "u8")
  CHECK(hash(std::vector<std::uint64_t>{}) == "6e23317d6d0a619332647ce7346b0641");
  // np.array([97, 98], "i1")
  CHECK(hash(std::vector<char>{'a', 'b'}) == "3a5bb5ceffcaf845456f752f4e4cf963");
  // np.array([True, False, True])
  CHECK(hash(std::vector<bool>{true, false, true}) == "9cc4bc25428670f477919864cc1c1808");
  // np.array([1+2j], "c8")
  CHECK(hash(std::vector<std::complex<float>>{{1, 2}}) == "5566fde3f0a31bed41e0a56c7ff70eb4");
  // np.array([1, -3], "g")
  CHECK(hash(std::vector{1.0L, -3.0L}) == "2009666148dda376e2cb5d7ac312474a");
}

TEST_CASE("Other sequences hash as list, tuples as tuple") {
  // ["a", "b"]
  CHECK(hash(std::vector<std::string>{"a", "b"}) == "da6072bf74939429fbad2c7adae45971");
  CHECK(hash(std::list{1, 2}) == "ad6352385cc5e69d5c24fad28c7fd226");       // [1, 2]
  CHECK(hash(std::deque<double>{}) == "d34b2ff3ebd47dff1d21eee2d69d4ffd");  // []
  // ["a"]*1001
  CHECK(hash(std::deque<std::string>(1001, "a")) == "71eb2c000031656c8b2be60da2f8b65c");
  CHECK(hash(std::vector<std::vector<int>>{{1}, {2, 3}}) ==
        "86107e33bba089f24e53b2fd5d4ce9a1");  // [np.array([1], "i4"), np.array([2, 3], "i4")]
  CHECK(hash(std::pair(1, "a"s)) == "f15e64e85d2ae81d3f991ea3d23fb665");  // (1, "a")
  CHECK(hash(std::tuple()) == "7aa3631cc45701e2df0e03ef7162f2cb");        // ()
  // (1, 2.0, "c", True)
  CHECK(hash(std::tuple(1, 2.0, "c", true)) == "be37821535b6e6f9471c9305e63153ae");
  CHECK(hash(std::array{1, 2, 3}) == "dc85fcaec04e13a4846c695c440d85ee");  // (1, 2, 3)
}

TEST_CASE("Maps hash as dict and sets as set") {
  // {"b": 1, "a": 2}
  CHECK(hash(std::map<std::string, int>{{"b", 1}, {"a", 2}}) == "885d38d0de928775403aa661c812f0c2");
  CHECK(hash(std::map<int, int>{}) == "72a755383fba437e4dead6ff3e3d81e3");  // {}
  CHECK(hash(std::unordered_map<int, std::string>{{-1, "a"}, {10, "b"}, {2, "c"}}) ==
        "f90eeaf594780d141580f23596cb3104");  // {-1: "a", 10: "b", 2: "c"}
  CHECK(hash(std::set<std::string>{"b", "a"}) == "fd2d2e6884dcf877385a87d9a6f0a9d8");  // {"a", "b"}
  // {3, -2, 100}
  CHECK(hash(std::unordered_set<int>{3, -2, 100}) == "437a728ab5141c1eca0d2551548bfc98");
  // {frozenset({1})}
  CHECK(hash(std::set<std::set<int>>{{1}}) == "7558c1a3991244a71bd3695533480355");
}

TEST_CASE("Keys of every kind hash in the order of Python") {
  // {True: 1, False: 2}
  CHECK(hash(std::map<bool, int>{{true, 1}, {false, 2}}) == "df2c9ec4ecc3f60e3a65b8a8a2b57cdc");
  // {2.5: 1, -1.0: 2}
  CHECK(hash(std::map<double, int>{{2.5, 1}, {-1.0, 2}}) == "ebd90e3ae2b8cb89bfc609220dd13a63");
  // {1: 1, 200: 2}
  CHECK(hash(std::map<Colour, int>{{Colour::red, 1}, {Colour::green, 2}}) ==
        "ed96b5326c9080634455962f186eea29");
  // {"a": 2, "b": 1}
  CHECK(hash(std::map<char, int>{{'b', 1}, {'a', 2}}) == "885d38d0de928775403aa661c812f0c2");
  CHECK(hash(std::map<std::pair<int, std::string>, int>{{{1, "b"}, 1}, {{1, "a"}, 2}}) ==
        "af478b5a19e8386a5f7fd8417ea9f061");  // {(1, "b"): 1, (1, "a"): 2}
  CHECK(hash(std::map<std::vector<int>, int>{{{2}, 1}, {{1, 9}, 2}, {{}, 3}}) ==
        "4431a5680e5ce113f3879cae5cedae8d");  // {(2,): 1, (1, 9): 2, (): 3}
  // {frozenset({7}): 1}
  CHECK(hash(std::map<std::set<int>, int>{{{7}, 1}}) == "d8b96c36b45e9ed64c231fa07279e4c6");
  CHECK(hash(std::map<bytes, int>{{bytes{std::byte{200}}, 1}, {bytes{}, 2}}) ==
        "3e1ff65d8c2df1cb0bb6761a6d6778ad");  // {b"\xc8": 1, b"": 2}
  // {"a": 2, "b": 1}
  CHECK(hash(std::map<std::filesystem::path, int>{{"b", 1}, {"a", 2}}) ==
        "885d38d0de928775403aa661c812f0c2");
}

TEST_CASE("Keys of several types hash by their digests") {
  using Key = std::variant<int, std::string>;
  // {1: 2, "a": 1}
  CHECK(hash(std::map<Key, int>{{1, 2}, {"a", 1}}) == "c724e38bc0cb7b02af8ecc02830dd448");
  CHECK(hash(std::set<Key>{1, "a", 2}) == "6e30533c1fee935fbb785133e5e6ac4e");  // {1, "a", 2}
  // {1: 2, 3: 1}
  CHECK(hash(std::map<Key, int>{{1, 2}, {3, 1}}) ==
        "c71f925f8cf935e9fb08d3090a50f6db");  // all of one type
  // {None: 1, 5: 2}
  CHECK(hash(std::map<std::optional<int>, int>{{{}, 1}, {5, 2}}) ==
        "4088e370d00cdff86eb87c9cb11f86e9");
  // {None: 1}
  CHECK(hash(std::map<std::optional<int>, int>{{{}, 1}}) == "5cdf0db484f053c91c6af7a59b0c591a");
  // {2: 1, 1.5: 2}
  CHECK(hash(std::map<std::variant<int, double>, int>{{2, 1}, {1.5, 2}}) ==
        "3ec4e9a527380b9f2118e4603b42e9e2");
}

TEST_CASE("Optionals, pointers and variants hash as what they hold") {
  CHECK(hash(std::optional<int>{}) == "4dc6000a33a1ca18a3aaedb7f9802955");    // None
  CHECK(hash(std::optional(5)) == "785ee38e51369f64df4f68af923b3456");        // 5
  CHECK(hash(std::unique_ptr<int>()) == "4dc6000a33a1ca18a3aaedb7f9802955");  // None
  const auto shared = std::make_shared<std::list<int>>(1, 7);
  CHECK(hash(shared) == "ea5039b1cfecf7ab73e30672ebbe6681");                     // [7]
  CHECK(hash(std::pair(shared, shared)) == "afe50124d77ae3c916db2fe807672bcc");  // ([7], [7])
  CHECK(hash(std::variant<int, std::string>("a")) == "0357109b163771392cc674173d921e4b");  // "a"
  CHECK(hash(std::monostate()) == "4dc6000a33a1ca18a3aaedb7f9802955");                     // None
}

TEST_CASE("Times hash as datetime and timedelta") {
  using namespace std::chrono;
  CHECK(hash(sys_days(2020y / 1 / 2) + 3h + 4us) ==
        "9d04f74dafedf84a3c773e953561d5b9");  // datetime.datetime(2020, 1, 2, 3, 0, 0, 4)
  // datetime.timedelta(seconds=-1.5)
  CHECK(hash(milliseconds(-1500)) == "cc481dd6fccead3bcb79fd9e8d7318dd");
  // {datetime.timedelta(seconds=2): 1, datetime.timedelta(seconds=-3): 2}
  CHECK(hash(std::map<milliseconds, int>{{2s, 1}, {-3s, 2}}) == "1d56393ed99b2eb783ff38e610f9065c");
}

TEST_CASE("Described structs hash as dict of their members in any order") {
  CHECK(hash(Point()) == "f0c59829e841a7edd7cd544673ad4e0f");  // {"x": 1, "y": 2.5}
  // 20.5
  CHECK(hash(PointInOtherOrder()) == "f0c59829e841a7edd7cd544673ad4e0f");  // {"x": 1, "y": 2.5}
}

TEST_CASE("A type with a pickler hashes as its state") {
  CHECK(hash(Celsius{20.5}) == "042a120f1fe571657482404ae3e6541a");
}

TEST_CASE("An Object hashes as what it holds") {
  CHECK(hash(Object()) == "4dc6000a33a1ca18a3aaedb7f9802955");  // None
  const Object built = Object::dict({{Object("k"), Object::tuple({Object(1), Object("a")})},
                                     {Object(2), Object::frozenset({Object(3)})}});
  CHECK(hash(built) == "f5c0abf73f65b9b394032949d5b13f83");  // {"k": (1, "a"), 2: frozenset({3})}
  CHECK(hash(in_python(built)) == hash(built));
  CHECK(hash(Object::instance("fractions", "Fraction", Object(std::map<std::string, int>()))) ==
        hash(loads(dumps(
            Object::instance("fractions", "Fraction", Object(std::map<std::string, int>()))))));
  CHECK(hash(Object::global("math", "pi_of_mine")) != hash(Object::global("math", "pi")));
  // bytearray(b"\x01")
  CHECK(hash(Object::bytearray(bytes{std::byte{1}})) == "64ac7624fd5fc8da77d024c44f992bba");
  CHECK(hash(call("datetime", "date",
                  {Object(bytes{std::byte{7}, std::byte{228}, std::byte{1}, std::byte{2}})})) ==
        "c3d815b61d29fca5979ff21e29edef47");  // datetime.date(2020, 1, 2)
}

TEST_CASE("Attributes of classes hash as what they can be") {
  const auto attribute = [](const Object& object, std::string_view name) {
    return Object::call(Object::global("builtins", "getattr"), {object, Object(name)});
  };
  const Object kind = Object::global("modz", "Col");
  CHECK(hash(attribute(kind, "A")) == "21269acb244b438b070a8a530c976ae6");  // Col.A
  const Object inner = Object::global("modz", "Plain.Inner");
  // [Plain.Inner, Plain.Inner]
  CHECK(hash(Object(std::list{inner, inner})) == "d895b64872da8f0e6e3b1ae84c41f69c");
  // Plain.Inner
  CHECK(hash(attribute(Object::global("modz", "Plain"), "Inner")) ==
        "ac9de414d505f50e1bfdf689643d1788");
  // dict.fromkeys
  CHECK(hash(attribute(Object::global("builtins", "dict"), "fromkeys")) ==
        "6ae8f9c8664b7a2cc8840a4facada86d");
  // [1].append
  CHECK(hash(attribute(Object(std::list{1}), "append")) == "d23447de8d210c04f64f215070b304f9");
  const Object made = Object::call(attribute(Object::global("modz", "Made"), "make"), {Object(1)});
  CHECK(hash(made) == "d9b4ae3d6384988446d7dd1849a92f6d");                               // Made()
  CHECK(hash(Object::global("builtins", "len")) == "6de7cbc158af0541d45ed047ecbadb82");  // len
  // operator.add
  CHECK(hash(Object::global("_operator", "add")) == "627f25f119f3d9b9bc8906c6c9d63fc9");
}

TEST_CASE("Objects hash with what they share") {
  const Object list(std::list<int>{1});
  CHECK(hash(Object::tuple({list, list})) ==
        "3baa6541bcbe9697e68673b0abf0a397");                                      // x = [1]; (x, x)
  CHECK(hash(loads("](]K\1aq\0h\0e."sv)) == "bb583263a42466f601fa675425cbf377");  // x = [1]; [x, x]
  CHECK(hash(loads("]q\0h\0a."sv)) == "bab96eade3b79efc64368c1ee6aab991");  // x = []; x.append(x)
  // x = []; t = (x,); x.append(t); [x, t]
  CHECK(hash(loads("](]q\0h\0\x85q\1ah\1e."sv)) == "72b647f2f136fbd3f5048f841973f396");
  CHECK(hash(loads("}q\0K\1h\0s."sv)) == "2856698e08cb0c2c2998219af11884a0");  // x = {}; x[1] = x
}

}  // namespace joblib::test
