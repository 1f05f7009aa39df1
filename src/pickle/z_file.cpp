#include "joblib/pickle/detail/z_file.hpp"

#include <charconv>
#include <cstdint>

#include "joblib/compress/compressor.hpp"
#include "wrapped_arrays.hpp"

namespace joblib::detail {
namespace {

constexpr std::size_t length_width = 19;

}  // namespace

std::vector<std::byte> read_z_file(BufferedInput& input) {
  input.need(z_file_prefix.size());
  std::string_view text = input.peek(length_width);
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length, 16);
  if (error != std::errc() || text.size() < length_width - 2)
    input.fail("the length of the Z-file is malformed");
  input.need(length_width);
  if (input.peek(1) == " ") input.need(1);  // Python 2 wrote one more
  InputSource compressed(input);
  const auto source = find_compressor("zlib")->decompress(compressed, 1);
  BufferedInput content(*source, input.name());
  std::vector<std::byte> bytes = read_in_steps(content, length);
  if (!content.at_end()) input.fail("the content of the Z-file is longer than it says");
  return bytes;
}

}  // namespace joblib::detail
