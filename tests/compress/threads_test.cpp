#include <atomic>
#include <stdexcept>
#include <thread>

#include "compress/formats.hpp"

using namespace joblib_test;
using joblib::detail::find_compressor;

namespace {

// Breaks after some bytes.
class BreakingSink final : public joblib::ByteSink {
 public:
  explicit BreakingSink(std::size_t room) : room_(room) {}

  void write(std::span<const std::byte> bytes) override {
    if (bytes.size() > room_) throw std::length_error("full");
    room_ -= bytes.size();
  }

 private:
  std::size_t room_;
};

// Breaks after some bytes.
class BreakingSource final : public joblib::ByteSource {
 public:
  BreakingSource(joblib::ByteSource& source, std::size_t bytes) : source_(source), left_(bytes) {}

  std::size_t read(std::span<std::byte> buffer) override {
    if (left_ == 0) throw std::length_error("broken");
    const std::size_t count = source_.read(buffer.first(std::min(buffer.size(), left_)));
    left_ -= count;
    return count;
  }

 private:
  joblib::ByteSource& source_;
  std::size_t left_;
};

}  // namespace

TEST_CASE("A compressing sink may be destroyed at any time") {
  const auto format = GENERATE(from_range(formats()));
  const int n_threads = GENERATE(1, 2, 4);
  const std::size_t size = GENERATE(as<std::size_t>(), 0, 1000, 2'000'000);
  CAPTURE(format, n_threads, size);
  joblib::detail::MemorySink target;
  const auto sink = find_compressor(format)->compress(target, 1, n_threads);
  write_all(*sink, random_bytes(size), 100'000);
}

TEST_CASE("An error of the target comes out of write or finish") {
  const auto format = GENERATE(from_range(formats()));
  const int n_threads = GENERATE(1, 2, 4);
  const std::size_t room = GENERATE(as<std::size_t>(), 20, 1'200'000);
  CAPTURE(format, n_threads, room);
  BreakingSink target(room);
  const auto sink = find_compressor(format)->compress(target, 1, n_threads);
  const auto use = [&] {
    write_all(*sink, random_bytes(2'500'000), 1'000'000);
    sink->finish();
  };
  CHECK_THROWS_AS(use(), std::length_error);
  CHECK_THROWS(use());
}

TEST_CASE("A decompressing source may be destroyed at any time") {
  const auto format = GENERATE(from_range(formats()));
  const Bytes zeros(5'000'000);
  const Bytes compressed = compress(format, zeros);
  for (const std::size_t read : {0, 1, 1'500'000}) {
    CAPTURE(format, read);
    joblib::detail::MemorySource source(compressed);
    const auto decompressed = find_compressor(format)->decompress(source, 2);
    Bytes buffer(read);
    std::size_t count = 0;
    while (count < read) count += decompressed->read(std::span(buffer).subspan(count));
  }
}

TEST_CASE("An error of the source comes out of read, each time") {
  const auto format = GENERATE(from_range(formats()));
  const Bytes compressed = compress(format, random_bytes(2'000'000));
  for (const int n_threads : {1, 2}) {
    for (const std::size_t bytes : {0, 10, 1'500'000}) {
      CAPTURE(format, n_threads, bytes);
      joblib::detail::MemorySource memory(compressed);
      BreakingSource source(memory, bytes);
      const auto decompressed = find_compressor(format)->decompress(source, n_threads);
      CHECK_THROWS_AS(read_all(*decompressed), std::length_error);
      CHECK_THROWS_AS(read_all(*decompressed), std::length_error);
    }
  }
}

TEST_CASE("One compressor serves many threads") {
  const auto format = GENERATE(from_range(formats()));
  CAPTURE(format);
  const Bytes bytes = compressible_bytes(700'000);
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        if (decompress(format, compress(format, bytes, {.n_threads = 2}), 2) == bytes) ++right;
      });
    }
  }
  CHECK(right == 3);
}
