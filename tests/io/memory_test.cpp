#include "joblib/io/memory.hpp"

#include <array>

#include "catch.hpp"
#include "io/bytes.hpp"

using joblib::detail::MemorySink;
using joblib::detail::MemorySource;
using joblib_test::bytes_of;

TEST_CASE("A memory source gives its bytes in order and then none") {
  const auto bytes = bytes_of("joblib");
  MemorySource source(bytes);
  CHECK(source.remaining() == 6);
  std::array<std::byte, 4> buffer = {};
  CHECK(source.read(buffer) == 4);
  CHECK(bytes_of("jobl") == std::vector(buffer.begin(), buffer.end()));
  CHECK(source.remaining() == 2);
  CHECK(source.read(buffer) == 2);
  CHECK(buffer[1] == std::byte{'b'});
  CHECK(source.read(buffer) == 0);
  CHECK(source.remaining() == 0);
}

TEST_CASE("A memory source passes over bytes, as far as there are any") {
  const auto bytes = bytes_of("joblib");
  MemorySource source(bytes);
  CHECK(source.skip(4) == 4);
  std::array<std::byte, 1> buffer = {};
  CHECK(source.read(buffer) == 1);
  CHECK(buffer[0] == std::byte{'i'});
  CHECK(source.skip(UINT64_MAX) == 1);
  CHECK(source.remaining() == 0);
}

TEST_CASE("A memory sink collects what is written, however much was expected") {
  MemorySink sink;
  sink.expect(100);
  sink.write(bytes_of("job"));
  sink.expect(1);
  sink.write({});
  sink.write(bytes_of("lib"));
  sink.finish();
  CHECK(sink.take() == bytes_of("joblib"));
  CHECK(sink.take().empty());
}
