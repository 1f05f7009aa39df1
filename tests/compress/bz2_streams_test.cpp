#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include <bzlib.h>

#include "compress/formats.hpp"

using namespace joblib_test;

namespace {

const std::string start = "BZh91AY&SY";  // of a stream and its first block

Bytes repeated(const Bytes& bytes, int times) {
  Bytes result;
  for (int i = 0; i < times; ++i) result = joined(std::move(result), bytes);
  return result;
}

// All in one stream, unlike ours.
Bytes one_stream(Bytes bytes) {
  auto size = static_cast<unsigned>(bytes.size() + bytes.size() / 100 + 600);
  Bytes stream(size);
  REQUIRE(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(stream.data()), &size,
                                   reinterpret_cast<char*>(bytes.data()),
                                   static_cast<unsigned>(bytes.size()), 9, 0, 0) == BZ_OK);
  stream.resize(size);
  return stream;
}

// A made-up stream, in whose compressed data there is what looks like the start of another one.
Bytes misleading_stream() {
  const std::string hex =
      "425a6839314159265359ce49763d00000078007ffffffffffffffe20004180000000000000000c000000000000"
      "000054dc6b90c9130e4f415b5a1e425a6839314159265359786a84e476b061875c8174d5a7bb8071a193d0ca83"
      "085bf8bb9229c28486724bb1e8";
  Bytes bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// What was read, and the text of the error that came then, if one did.
std::pair<Bytes, std::string> outcome(const Bytes& file, int n_threads) {
  joblib::detail::MemorySource memory(file);
  const auto source = joblib::detail::find_compressor("bz2")->decompress(memory, n_threads);
  std::pair<Bytes, std::string> outcome;
  Bytes buffer(70'000);
  try {
    while (const std::size_t count = source->read(buffer)) {
      outcome.first = joined(std::move(outcome.first), std::span(buffer).first(count));
    }
  } catch (const joblib::Error& error) {
    CHECK(error.code() == joblib::errc::corrupt_data);
    outcome.second = error.what();
  }
  return outcome;
}

void check_same_outcome(const Bytes& file) {
  const auto expected = outcome(file, 1);
  for (const int n_threads : {2, 3, 20}) {
    CAPTURE(n_threads);
    const auto [bytes, error] = outcome(file, n_threads);
    CHECK(error == expected.second);
    CHECK((bytes == expected.first));
  }
}

// Counts what is read.
class CountingSource final : public joblib::ByteSource {
 public:
  explicit CountingSource(joblib::ByteSource& source) : source_(source) {}

  std::size_t read(std::span<std::byte> buffer) override {
    const std::size_t count = source_.read(buffer);
    count_ += count;
    return count;
  }
  std::size_t count() const { return count_; }

 private:
  joblib::ByteSource& source_;
  std::size_t count_ = 0;
};

}  // namespace

TEST_CASE("Many bzip2 streams are read by any number of threads") {
  const Bytes bytes = joined(compressible_bytes(3'000'000), random_bytes(200'000));
  const Bytes file = compress("bz2", bytes, {.level = 1});
  for (const int n_threads : {1, 2, 3, 20}) {
    CAPTURE(n_threads);
    CHECK((decompress("bz2", file, n_threads) == bytes));
    CHECK((decompress("bz2", file, n_threads, 777) == bytes));
  }
}

TEST_CASE("What only looks like the start of a bzip2 stream is part of the stream around it") {
  const Bytes misleading = misleading_stream();
  const auto inner = std::ranges::search(std::span(misleading).subspan(1), bytes_of(start));
  REQUIRE(inner.size() == start.size());
  const Bytes content = decompress("bz2", misleading);
  REQUIRE(content.size() == 60);

  const Bytes ordinary = compress("bz2", random_bytes(5000));
  const int before = GENERATE(0, 1, 7);
  const int after = GENERATE(0, 1, 7);
  CAPTURE(before, after);
  const Bytes file =
      joined(joined(repeated(ordinary, before), misleading), repeated(ordinary, after));
  const Bytes expected = joined(joined(repeated(random_bytes(5000), before), content),
                                repeated(random_bytes(5000), after));
  for (const int n_threads : {1, 2, 20}) CHECK((decompress("bz2", file, n_threads) == expected));
}

TEST_CASE("Large bzip2 streams are read between small ones") {
  const Bytes small = compress("bz2", random_bytes(5000));
  const Bytes large = GENERATE(random_bytes(2'500'000), Bytes(3'000'000));
  const Bytes file = joined(joined(repeated(small, 3), one_stream(large)), repeated(small, 3));
  const Bytes expected =
      joined(joined(repeated(random_bytes(5000), 3), large), repeated(random_bytes(5000), 3));
  for (const int n_threads : {1, 2, 20}) CHECK((decompress("bz2", file, n_threads) == expected));
}

TEST_CASE("Bytes between and behind bzip2 streams mean the same to any number of threads") {
  const Bytes stream = compress("bz2", random_bytes(2000));
  const Bytes streams = repeated(stream, 5);
  const Bytes empty = compress("bz2", {});
  for (const Bytes& other :
       {Bytes(1), Bytes(3'000'000), empty, repeated(empty, 20), bytes_of("x"), bytes_of("BZh"),
        bytes_of(start), joined(bytes_of("x"), stream), random_bytes(300'000)}) {
    CAPTURE(other.size());
    check_same_outcome(joined(streams, other));
    check_same_outcome(joined(joined(streams, other), streams));
    check_same_outcome(joined(other, streams));
  }
}

TEST_CASE("Damage is the same error, after the same bytes, for any number of threads") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Bytes file;
  for (std::size_t i = 0; i < 12; ++i) {
    file = joined(std::move(file), compress("bz2", random_bytes(random() % 20'000)));
  }
  for (int i = 0; i < 40; ++i) {
    Bytes damaged = file;
    const std::size_t place = random() % file.size();
    CAPTURE(place);
    if (i % 2 == 0) {
      damaged.resize(place);
    } else {
      damaged[place] ^= std::byte(1 << random() % 8);
    }
    check_same_outcome(damaged);
  }
}

TEST_CASE("bzip2 streams are read a limited number of bytes ahead") {
  const Bytes stream = one_stream(random_bytes(899'000));
  const Bytes file = repeated(stream, 40);
  joblib::detail::MemorySource memory(file);
  CountingSource counting(memory);
  {
    const auto source = joblib::detail::find_compressor("bz2")->decompress(counting, 2);
    Bytes buffer(1);
    REQUIRE(source->read(buffer) == 1);
  }
  // Four streams, a buffer that is searched for more, and what is decoded and not yet read.
  CHECK(counting.count() > 4 * stream.size());
  CHECK(counting.count() < 12 * stream.size());
}
