#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "joblib/hash.hpp"
#include "joblib/persistence.hpp"

namespace {

// Reads the opcodes of a list of str as Python's pickle does: no read may cross the end of a frame.
std::size_t count_strings(const joblib::bytes& pickle) {
  std::size_t position = 0;
  std::size_t frame_end = 0;
  std::size_t strings = 0;
  const auto take = [&](std::size_t count) {
    if (position < frame_end) REQUIRE(position + count <= frame_end);
    REQUIRE(position + count <= pickle.size());
    return std::exchange(position, position + count);
  };
  const auto number = [&](std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, pickle.data() + take(size), size);
    return static_cast<std::size_t>(value);
  };
  for (;;) {
    switch (number(1)) {
      case 0x80:  // PROTO
        take(1);
        break;
      case 0x95: {  // FRAME
        const std::size_t size = number(8);
        frame_end = position + size;
        break;
      }
      case 0x8c:  // SHORT_BINUNICODE
        take(number(1));
        ++strings;
        break;
      case 'X':  // BINUNICODE
        take(number(4));
        ++strings;
        break;
      case '.':  // STOP
        return strings;
      default:
        break;
    }
  }
}

}  // namespace

TEST_CASE("No text crosses the end of a frame, for Python reads frame by frame") {
  for (const std::size_t length : {100U, 300U, 1000U, 30'000U, 65'530U, 65'536U, 100'000U}) {
    const std::vector<std::string> texts(200'000 / length + 3, std::string(length, 'x'));
    const joblib::bytes pickle = joblib::dumps(texts);
    CHECK(count_strings(pickle) == texts.size());
    CHECK(joblib::loads<std::vector<std::string>>(pickle) == texts);
  }
}

TEST_CASE("The name of a class can't end early and become something else") {
  using joblib::Object;
  const auto [module, name] = GENERATE(std::pair("os\nsystem\n", "C"), std::pair("m", "C\nD"));
  const Object instance = Object::instance(module, name, Object());
  for (const int protocol : {2, 4})
    CHECK_THROWS_AS(joblib::dumps(instance, {.protocol = protocol}), joblib::Error);
  CHECK_THROWS_AS(joblib::hash(instance), joblib::Error);
}
