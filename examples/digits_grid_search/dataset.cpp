#include "dataset.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <xtensor/xadapt.hpp>
#include <xtensor/xview.hpp>

namespace digits {

namespace {

std::string unzip(const std::filesystem::path& file) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> stream(gzopen(file.c_str(), "rb"), gzclose);
  if (!stream) throw std::system_error(errno, std::generic_category(), file.string());
  std::string text;
  std::array<char, 16384> buffer;
  int count = 0;
  while ((count = gzread(stream.get(), buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  int error = Z_OK;
  const char* message = gzerror(stream.get(), &error);
  if (error != Z_OK) throw std::runtime_error(message);  // it names the file
  return text;
}

// Removes the text before the first separator from `rest`, together with the separator.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view head = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return head;
}

std::array<int, n_pixels + 1> parse_row(std::string_view row, const std::string& position) {
  std::array<int, n_pixels + 1> values;
  const auto columns = static_cast<std::size_t>(std::ranges::count(row, ',')) + 1;
  if (columns != values.size()) {
    throw std::runtime_error(position + ": " + std::to_string(columns) + " columns instead of " +
                             std::to_string(values.size()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string_view cell = cut(row, ',');
    const int max = i < n_pixels ? max_pixel : n_classes - 1;
    const char* const end = cell.data() + cell.size();
    const auto [stop, error] = std::from_chars(cell.data(), end, values[i]);
    if (error != std::errc() || stop != end || values[i] < 0 || values[i] > max) {
      throw std::runtime_error(position + ", column " + std::to_string(i + 1) + ": \"" +
                               std::string(cell) + "\" is no whole number from 0 to " +
                               std::to_string(max));
    }
  }
  return values;
}

}  // namespace

Dataset read_dataset(const std::filesystem::path& file) {
  std::vector<float> pixels;
  std::vector<int> labels;
  const std::string text = unzip(file);
  for (std::string_view rest = text; !rest.empty();) {
    const std::string position = file.string() + ", row " + std::to_string(labels.size() + 1);
    const auto values = parse_row(cut(rest, '\n'), position);
    pixels.insert(pixels.end(), values.begin(), values.end() - 1);
    labels.push_back(values.back());
  }
  if (labels.empty()) throw std::runtime_error(file.string() + ": no rows");
  return {.pixels = xt::adapt(pixels, std::array{labels.size(), n_pixels}),
          .labels = xt::adapt(labels, std::array{labels.size()})};
}

Dataset subset(const Dataset& data, const std::vector<std::size_t>& samples) {
  return {.pixels = xt::view(data.pixels, xt::keep(samples), xt::all()),
          .labels = xt::view(data.labels, xt::keep(samples))};
}

}  // namespace digits
