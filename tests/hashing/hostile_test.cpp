// Values that are made to do harm: they are errors, or hash in no more time and memory than others.

#include <string>
#include <string_view>

#include "pickle/make.hpp"

#include "joblib/hash.hpp"

namespace joblib::test {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string times(std::size_t count, std::string_view opcodes) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += opcodes;
  return result;
}

bool too_deep(const Object& value) {
  return error_of(errc::invalid_argument, [&] { hash(value); }).find("nested deeper than 1000") !=
         std::string::npos;
}

constexpr std::size_t depth = 100'000;

}  // namespace

TEST_CASE("Values that are nested 100,000 times are errors") {
  CHECK(too_deep(loads(times(depth, "]") + times(depth - 1, "a") + '.')));
  CHECK(too_deep(loads(")" + times(depth, "\x85") + '.')));
  CHECK(too_deep(loads(times(depth, "}K\1") + 'N' + times(depth, "s") + '.')));
  CHECK(too_deep(loads("c__main__\nf\nq\0"s + ")R" + times(depth, "q\1h\0h\1\x85R"sv) + '.')));
  CHECK(too_deep(loads(times(depth, "c__main__\nf\n)R") + times(depth - 1, "b") + '.')));
}

TEST_CASE("Keys that are nested 100,000 times are errors") {
  const std::string deep = ")" + times(depth, "\x85");
  CHECK(too_deep(loads("}(" + deep + "K\1" + deep + "K\2u.")));
  CHECK(too_deep(loads("}(" + deep + "K\1K\1K\2u.")));
  const std::string shared = deep + "q\1" + "0}(h\1K\1\x86" + "Nh\1K\2\x86Nu.";
  CHECK(too_deep(loads(shared)));
  const std::string sets = "(" + times(depth, "(") + times(depth, "\x91") + "\x91";
  CHECK(too_deep(loads("}(" + sets + "K\1" + sets + "K\2u.")));
}

TEST_CASE("A set that holds an instance that holds the set ends where the instance comes again") {
  const auto set = loads("\x8fq\0(cstring\nFormatter\n)\x81}X\1\0\0\0sh\0sb\x90."sv);
  CHECK(hash(set) == "269c90dc0fa085ef25bd65699ccaf3aa");  // x = string.Formatter(); x.s = {x}; x.s
  // As the argument that the instance is made with, the set never ends.
  CHECK(too_deep(loads("\x8fq\0(c__main__\nC\nh\0\x85R\x90."sv)));
}

TEST_CASE("A dict that repeats its keys hashes as Python's: the last value of each counts") {
  const std::size_t count = 200'000;
  CHECK(hash(loads("}(" + times(count, "K\1K\2") + "K\1K\3u.")) == hash(loads("}K\1K\3s.")));
  CHECK(hash(loads("}(" + times(count, "K\1K\2X\1\0\0\0aN"sv) + "u.")) ==
        hash(loads("}(K\1K\2X\1\0\0\0aNu."sv)));
  CHECK(hash(loads("\x8f(" + times(count, "K\1") + "\x90.")) == hash(loads("\x8f(K\1\x90.")));
}

TEST_CASE("What is shared many times is hashed once") {
  // A list of ten times the same list of ten times the same list ...
  std::string pickle = "](NNNNNNNNNNe";
  for (char level = 0; level < 50; ++level) {
    const std::string memo(1, level);
    pickle += "q" + memo + "0](" + times(10, "h" + memo) + "e";
  }
  CHECK(hash(loads(pickle + '.')).size() == 32);
}

TEST_CASE("Names with 50,000 dots are errors, and so are attributes of attributes") {
  CHECK(too_deep(loads("cm\nC" + times(depth / 2, ".C") + "\n.")));
  CHECK(too_deep(loads("cbuiltins\ngetattr\nq\1" + times(depth, "h\1"sv) + "cm\nC\n" +
                       times(depth, "X\1\0\0\0a\x86R"sv) + '.')));
}

TEST_CASE("Keys that hold themselves hash") {
  // x = []; t = (x,); x.append(t), and the set of t and (t, 1), which Python hasn't
  CHECK(hash(loads("\x8f(]q\0h\0\x85q\1a0h\1h\1K\1\x86\x90."sv)).size() == 32);
}

TEST_CASE("Instances with odd arguments hash, and nothing is looked up in them") {
  CHECK(hash(loads("cdatetime\ntime\n)R.")).size() == 32);
  CHECK(hash(loads("cdatetime\ndatetime\nK\1\x85R.")).size() == 32);
  CHECK(hash(loads("cdatetime\ntimezone\nN\x85R.")).size() == 32);
  CHECK(hash(loads("cbuiltins\ngetattr\nN\x85R.")).size() == 32);
  CHECK(hash(loads("cbuiltins\ngetattr\nNX\1\0\0\0a\x86R."sv)).size() == 32);
  CHECK(hash(loads("}(cdatetime\ntime\n)RNcdatetime\ntimedelta\nK\1\x85RNu.")).size() == 32);
}

}  // namespace joblib::test
