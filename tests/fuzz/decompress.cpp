// Decompresses any bytes in the format JOBLIB_FUZZ_FORMAT. Whatever is thrown and no joblib::Error
// is a finding.

#include <algorithm>
#include <array>

#include "fuzz.hpp"
#include "joblib/compress/compressor.hpp"
#include "joblib/io/memory.hpp"

namespace {

// Gives its bytes in pieces of at most `step`.
class SlowSource final : public joblib::ByteSource {
 public:
  SlowSource(std::span<const std::byte> bytes, std::size_t step) : source_(bytes), step_(step) {}

  std::size_t read(std::span<std::byte> buffer) override {
    return source_.read(buffer.first(std::min(buffer.size(), step_)));
  }

 private:
  joblib::detail::MemorySource source_;
  std::size_t step_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto compressor = joblib::detail::find_compressor(JOBLIB_FUZZ_FORMAT);
  joblib::fuzz::attempt([&] {
    SlowSource source(std::as_bytes(std::span(data, size)), 1 + size % 50);
    const auto decompressed = compressor->decompress(source, 1 + static_cast<int>(size % 2));
    std::array<std::byte, 10'000> buffer;
    std::size_t most = 1 << 24;  // small inputs may grow without bounds
    while (const std::size_t count = decompressed->read(buffer)) {
      if (count > most) return;
      most -= count;
    }
  });
  return 0;
}
