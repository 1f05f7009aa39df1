#include "joblib/io/iostream.hpp"

#include <fstream>
#include <sstream>
#include <streambuf>

#include "catch.hpp"
#include "io/bytes.hpp"
#include "joblib/core/error.hpp"

using Catch::Matchers::Contains;
using joblib::Error;
using joblib::detail::IstreamSource;
using joblib::detail::OstreamSink;
using joblib_test::bytes_of;
using joblib_test::read_all;

TEST_CASE("A stream is read from its position to its end and stays usable") {
  std::istringstream stream("some text");
  stream.exceptions(std::ios::eofbit | std::ios::failbit | std::ios::badbit);
  stream.ignore(5);
  IstreamSource source(stream);
  CHECK(read_all(source, 3) == bytes_of("text"));
  CHECK(stream.good());
}

TEST_CASE("A stream source takes no more from its stream than it was asked for") {
  std::istringstream stream("joblib");
  IstreamSource source(stream);
  std::vector<std::byte> buffer(3);
  CHECK(source.read(buffer) == 3);
  CHECK(stream.get() == 'l');
}

TEST_CASE("Streams that have failed are an error") {
  std::ifstream missing("/no/such/file");
  IstreamSource source(missing);
  std::vector<std::byte> buffer(3);
  CHECK_THROWS_AS(source.read(buffer), Error);

  std::ifstream folder("/");
  IstreamSource unreadable(folder);
  CHECK_THROWS_AS(unreadable.read(buffer), Error);
  CHECK(folder.bad());

  std::ofstream closed;
  OstreamSink sink(closed);
  CHECK_THROWS_AS(sink.write(buffer), Error);
  CHECK_THROWS_AS(sink.finish(), Error);
}

TEST_CASE("A stream sink writes through and reports a full disk at its end") {
  std::ostringstream stream;
  OstreamSink sink(stream);
  sink.write(bytes_of("job"));
  sink.write(bytes_of("lib"));
  sink.finish();
  CHECK(stream.str() == "joblib");

  std::ofstream full("/dev/full");
  full.exceptions(std::ios::badbit | std::ios::failbit);
  OstreamSink failing(full);
  failing.write(bytes_of("x"));
  try {
    failing.finish();
    FAIL("nothing thrown");
  } catch (const Error& error) {
    CHECK(error.code() == joblib::errc::io_error);
    CHECK_THAT(error.what(), Contains("incomplete"));
  }
}
