// Bytes that are made to do harm: they are errors, or take no more time and memory than others.

#include <list>
#include <map>
#include <set>

#include "make.hpp"

namespace joblib::test {
namespace {

using namespace std::string_view_literals;
using namespace std::string_literals;

std::string times(std::size_t count, std::string_view opcodes) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += opcodes;
  return result;
}

std::string corrupt(std::string_view pickle) {
  return error_of(errc::corrupt_data, [&] { loads(pickle); });
}

// A list of ten times the same list of ten times the same list ... of ten times None.
std::string laughs(int levels) {
  std::string pickle = "](NNNNNNNNNNe";
  for (int level = 0; level < levels; ++level) {
    const std::string memo(1, static_cast<char>(level));
    pickle += "q" + memo + "0](" + times(10, "h" + memo) + "e";
  }
  return pickle + '.';
}

}  // namespace

TEST_CASE("A list in a list, 100,000 times, is loaded, and neither shown, compared nor dumped") {
  const std::size_t depth = 100'000;
  const std::string pickle = times(depth, "]") + times(depth - 1, "a") + '.';
  const Object deep = loads(pickle);
  CHECK(deep.size() == 1);
  CHECK(deep.repr().starts_with("[[[["));
  CHECK(error_of(errc::invalid_argument, [&] { dumps(deep); }).find("nested deeper") !=
        std::string::npos);
  CHECK_THROWS_AS(deep == loads(pickle), Error);
  CHECK(deep == deep);
}

TEST_CASE("Elements without bytes take no time to be shown") {
  // numpy.zeros(1, [("e", "f8", (2**28 - 1, 0))])
  const std::string_view pickle =
      "\200\002cnumpy.core.multiarray\012_"
      "reconstruct\012q\000cnumpy\012ndarray\012q\001K\000\205q\002c_codecs"
      "\012encode\012q\003X\001\000\000\000bq\004X\006\000\000\000latin1q\005\206q\006Rq\007\207q"
      "\010Rq\011(K\001K\001\205q\012cnumpy\012dtype\012q\013X\002\000\000"
      "\000V0q\014\211\210\207q\015Rq\016(K\003X\001\000\000\000|"
      "q\017NX\001\000\000\000eq\020\205q\021}"
      "q\022h\020h\013X\002\000\000\000V0q\023\211\210\207q\024Rq\025(K\003h\017h\013X\002\000"
      "\000\000f8q\026\211\210\207q\027Rq\030(K\003X\001\000\000\000<"
      "q\031NNNJ\377\377\377\377J\377\377\377\377K\000tq\032bJ\377\377\377\017K\000\206q\033\206q"
      "\034NNK\000K\010K\000tq\035bK"
      "\000\206q\036sK\000K\001K\020tq\037b\211c__builtin__\012bytes\012q )Rq!tq\"b."sv;
  const Object rows = loads(pickle);
  CHECK(rows.shape() == std::vector<std::size_t>{1});
  CHECK(rows.repr(100).starts_with("array([([[], [], [], "));
  CHECK(rows.repr(100).size() == 103);
  // Empty text, 2 to the power of 60 times.
  const Object text = numpy_array("S0", bytes(), std::vector<std::size_t>(60, 2));
  CHECK(text.repr(100).starts_with("array([[[[[["));
  CHECK(text.repr(100).size() == 103);
}

TEST_CASE("Other deep nesting is loaded, and destroyed") {
  const std::size_t depth = 100'000;
  CHECK_NOTHROW(loads(")" + times(depth, "\x85") + '.').repr());
  // {{{...}: None}: None}, which Python has not: it can't hash the keys
  const std::string dicts = times(depth, "}") + times(depth - 1, "Ns") + '.';
  const Object deep = loads(dicts);
  CHECK_NOTHROW(deep.repr());
  CHECK_THROWS_AS(deep == loads(dicts), Error);
  CHECK_THROWS_AS(dumps(deep), Error);
  // object(object(...)): the arguments of a call
  const std::string calls = "c__main__\nf\nq\0"s + ")R" + times(depth, "q\1h\0h\1\x85R"sv) + '.';
  const Object called = loads(calls);
  CHECK_NOTHROW(called.repr());
  CHECK_THROWS_AS(called == loads(calls), Error);
  CHECK_THROWS_AS(called.as<std::set<int>>(), Error);
  // A state of a state of ...
  const std::string states = times(depth, "c__main__\nf\n)R") + times(depth - 1, "b") + '.';
  CHECK_NOTHROW(loads(states).repr());
}

TEST_CASE("Objects that are put into one another are destroyed") {
  Object chain;
  for (int i = 0; i < 100'000; ++i) chain = Object(std::vector<Object>{chain});
  CHECK(chain.size() == 1);
  chain = {};
}

TEST_CASE("A list that holds itself is no vector") {
  const auto itself = "]q\0h\0a."sv;
  const Object object = loads(itself);
  CHECK(object.repr() == "[[...]]");
  CHECK(object[0] == object);
  CHECK(object == loads(itself));
  CHECK(loads(dumps(object)).repr() == "[[...]]");
  CHECK(mismatch<std::vector<std::vector<int>>>(object).starts_with("at [0][0]: expected"));
}

TEST_CASE("Lists that share themselves multiply in C++ types only, and not without end") {
  using Lists = std::vector<std::vector<std::vector<
      std::vector<std::vector<std::vector<std::vector<std::vector<std::vector<Object>>>>>>>>>;
  const std::string pickle = laughs(20);
  const Object object = loads(pickle);
  CHECK(object.repr(100).size() == 103);
  CHECK(object == loads(pickle));
  CHECK(dumps(object).size() < 1000);
  CHECK(error_of(errc::corrupt_data, [&] {
          loads<Lists>(pickle);
        }).find("shares parts of itself") != std::string::npos);
  CHECK(error_of(errc::corrupt_data, [&] { (void)object.as<Lists>(); }) != "");
}

TEST_CASE("Copies of a part of the file are limited") {
  const std::size_t size = 1 << 20;
  const std::string text = "X"s + "\0\0\x10\0"s + std::string(size, 'x') + "q\0"s;
  const std::string bytes = "B"s + "\0\0\x10\0"s + std::string(size, 'x') + "q\0"s;
  const auto limited = [](const std::string& pickle) {
    return corrupt(pickle).find("copies parts of itself") != std::string::npos;
  };
  // bytearray(b'xxx...'), b'xxx...' encoded as Latin-1, arrays and scalars, a thousand times
  CHECK(limited(bytes + "cbuiltins\nbytearray\nq\1" + times(1000, "h\1h\0\x85R"sv) + "."));
  CHECK(limited(text + "c_codecs\nencode\nq\1X\6\0\0\0latin1q\2"s +
                times(1000, "h\1h\0h\2\x86R"sv) + "."));
  CHECK(limited(bytes + "cnumpy\ndtype\nX\2\0\0\0u1\x85Rq\1"s + "J\0\0\x10\0\x85q\2X\1\0\0\0Cq\3"s +
                "cnumpy.core.numeric\n_frombuffer\nq\4"s + times(1000, "h\4(h\0h\1h\2h\3tR"sv) +
                "."));
}

TEST_CASE("Names, keys and dtypes cost no more than they are long") {
  // A class of a long name, again and again
  const std::string name = "X"s + "\0\0\x04\0"s + std::string(1 << 18, 'n') + "q\0"s;
  CHECK_NOTHROW(loads(name +
                      times(100'000,
                            "h\0h\0\x93"
                            "0"sv) +
                      "h\0."s));
  // A structure of 20,000 fields, all of them looked up by their names
  std::string names, fields;
  for (int i = 0; i < 20'000; ++i) {
    const std::string field = "X\5\0\0\0"s + std::to_string(10'000 + i);
    names += field;
    fields += field + "h\1K\0\x86"s;
  }
  const std::string dtype = "cnumpy\ndtype\nq\0X\2\0\0\0u1\x85Rq\1h\0X\2\0\0\0V1\x85R"s +
                            "(K\3X\1\0\0\0|N("s + names + "t}(" + fields + "uK\1K\1K\x10tb.";
  CHECK(loads(dtype).dtype().fields().size() == 20'000);
}

TEST_CASE("Sizes that are not there take no memory") {
  for (const std::string opcode : {"\x8d", "\x8e", "\x96", "\x95"})
    CHECK_FALSE(corrupt(opcode + "\xff\xff\xff\xff\xff\xff\xff\x7f" + "abc").empty());
  for (const std::string opcode : {"X", "B", "T", "\x8b"})
    CHECK_FALSE(corrupt(opcode + "\xff\xff\xff\x7f" + "abc").empty());
  // An array that says it has 2**57 numbers
  std::string array(dumps(std::vector{1.5}, {.protocol = 2}).view());
  array.replace(array.find("K\1\x85"), 2, "\x8a\x08\0\0\0\0\0\0\0\2"s);
  CHECK_FALSE(corrupt(array).empty());
}

TEST_CASE("Arrays of many items without bytes are no danger") {
  // numpy.frombuffer(b'', 'S0', (2**40,)), and rows of no columns
  const std::size_t many = std::size_t{1} << 40;
  const auto is_harmless = [](const Object& array) {
    CHECK(array.repr(100).size() <= 103);
    CHECK(array.tobytes().empty());
    CHECK(array == loads(dumps(array)));
    CHECK_THROWS_AS(loads<std::vector<std::string>>(dumps(array)), Error);
    CHECK_THROWS_AS(loads(dumps(array)).as<std::vector<std::vector<double>>>(), Error);
  };
  is_harmless(numpy_array("S0", bytes(), {many}));
  is_harmless(numpy_array("f8", bytes(), {many, 0}));
}

TEST_CASE("A pickle that ends too early, at any byte, is an error") {
  const std::map<std::string, std::vector<double>> value{{"a", {1, 2}}, {"b", {}}};
  const int protocol = GENERATE(2, 3, 4, 5);
  const bytes whole = dumps(value, {.protocol = protocol});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(corrupt(whole.view().substr(0, size)).empty());
  }
}

TEST_CASE("A compressed file that is damaged early is an error") {
  const auto of_joblib_0_9 =
      "ZF0x28       .       x^c`@\6   .       x^c`@\6\x1f\xec\xa1<\7\b\xcd"
      "\1\xa5\5\x1c\0%\xdf\2\b"sv;
  CHECK(corrupt(of_joblib_0_9).find("is damaged") != std::string::npos);
}

TEST_CASE("Opcodes without what they work on are errors") {
  for (const std::string_view pickle : {"."sv,          "0."sv,
                                        "2."sv,         "1."sv,
                                        "(."sv,         "a."sv,
                                        "]a."sv,        "(a."sv,
                                        "e."sv,         "](NNu."sv,
                                        "}(Nu."sv,      "}Ns."sv,
                                        "Nb."sv,        "]Nb."sv,
                                        "R."sv,         "NNR."sv,
                                        "\x81."sv,      "NN\x81."sv,
                                        "\x92."sv,      "N)N\x92."sv,
                                        "h\0."sv,       "g0\n."sv,
                                        "q\0."sv,       "\x94."sv,
                                        "t."sv,         "\x85."sv,
                                        "\x93."sv,      "NN\x93."sv,
                                        "o."sv,         "(o."sv,
                                        "\x90."sv,      "N(\x90."sv,
                                        "\xff."sv,      "\0."sv,
                                        "\x80\x06."sv,  "I1x\n."sv,
                                        "F1x\n."sv,     "L\n."sv,
                                        "S'a\n."sv,     "Va\\u12\n."sv,
                                        "P1\n."sv,      "Q."sv,
                                        "\x82\x01."sv,  "\x97."sv,
                                        "\x98."sv,      "X\1\0\0\0\xff."sv,
                                        "c\xff\nx\n."sv}) {
    CAPTURE(Object(bytes(pickle)).repr());
    CHECK_FALSE(corrupt(pickle).empty());
  }
}

TEST_CASE("Equality isn't fooled by what has been compared before") {
  // The items of these frozensets have equal hashes, so that unequal ones are compared on the way.
  const auto item = [](int number) {
    Object nested(number);
    for (int i = 0; i < 8; ++i) nested = Object::tuple({nested});
    return nested;
  };
  const Object a = item(1), b = item(2), c = item(1), d = item(2);
  const auto shared = [](const Object& x, const Object& y, const Object& last) {
    return loads(dumps(Object::tuple({Object::frozenset({x, y}), last, last})));
  };
  CHECK(shared(a, b, a) == shared(d, c, c));
  CHECK_FALSE(shared(a, b, a) == shared(d, c, d));
  CHECK_FALSE(shared(a, b, a) == shared(c, d, d));
}

}  // namespace joblib::test
