// A compressor of one's own: for each run of equal bytes its length, at most 255, and the byte.

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <joblib/persistence.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

constexpr std::string_view prefix = "RUNS";

// [streams]
class RunSink final : public joblib::ByteSink {
 public:
  explicit RunSink(joblib::ByteSink& target) : target_(target) {
    target_.write(std::as_bytes(std::span(prefix)));
  }

  void write(std::span<const std::byte> bytes) override {
    std::vector<std::byte> runs;
    while (!bytes.empty()) {
      const auto longest = bytes.first(std::min<std::size_t>(bytes.size(), 255));
      const auto end =
          std::ranges::find_if_not(longest, [&](std::byte byte) { return byte == bytes.front(); });
      const auto length = static_cast<std::size_t>(end - longest.begin());
      runs.insert(runs.end(), {static_cast<std::byte>(length), bytes.front()});
      bytes = bytes.subspan(length);
    }
    target_.write(runs);
  }

 private:
  joblib::ByteSink& target_;
};

class RunSource final : public joblib::ByteSource {
 public:
  explicit RunSource(joblib::ByteSource& source) : source_(source) {
    for (std::size_t i = 0; i < prefix.size(); ++i) take();
  }

  std::size_t read(std::span<std::byte> buffer) override {
    if (length_ == 0) {
      std::array<std::byte, 1> length{};
      if (source_.read(length) == 0) return 0;  // the end
      length_ = std::to_integer<std::size_t>(length[0]);
      byte_ = take();
    }
    const std::size_t count = std::min(buffer.size(), length_);
    std::ranges::fill(buffer.first(count), byte_);
    length_ -= count;
    return count;
  }

 private:
  std::byte take() {
    std::array<std::byte, 1> byte{};
    if (source_.read(byte) == 0)
      throw joblib::Error(joblib::errc::corrupt_data, "the runs are cut off");
    return byte[0];
  }

  joblib::ByteSource& source_;
  std::size_t length_ = 0;  // of the run that is left
  std::byte byte_ = {};
};
// [streams]

// [compressor]
class RunLengths final : public joblib::Compressor {
 public:
  RunLengths() : Compressor({.prefix = std::string(prefix), .extension = ".runs"}) {}

 private:
  std::unique_ptr<joblib::ByteSink> do_compress(joblib::ByteSink& target, int /*level*/,
                                                int /*n_threads*/) const override {
    return std::make_unique<RunSink>(target);
  }
  std::unique_ptr<joblib::ByteSource> do_decompress(joblib::ByteSource& source,
                                                    int /*n_threads*/) const override {
    return std::make_unique<RunSource>(source);
  }
};
// [compressor]

int main() {
  // [register]
  joblib::register_compressor("runs", std::make_shared<RunLengths>());
  joblib::dump(std::vector<double>(10'000),
               "zeros.pkl.runs");  // or any name with .compress = "runs"
  const auto zeros = joblib::load<std::vector<double>>("zeros.pkl.runs");
  // [register]
  std::cout << zeros.size() << " zeros in less than 2000 bytes: " << std::boolalpha
            << (std::filesystem::file_size("zeros.pkl.runs") < 2000) << '\n';
}
