#pragma once

#include <boost/describe/class.hpp>
#include <cstddef>
#include <filesystem>
#include <vector>
#include <xtensor/xtensor.hpp>

#include "matrix.hpp"

namespace digits {

using Labels = xt::xtensor<int, 1>;

inline constexpr std::size_t n_pixels = 64;
inline constexpr int max_pixel = 16;
inline constexpr int n_classes = 10;

/// Images of handwritten digits, 8 x 8 pixels each.
struct Dataset {
  Matrix pixels;  ///< samples x 64; whole numbers from 0 (paper) to 16 (ink)
  Labels labels;  ///< samples; 0 to 9
};
BOOST_DESCRIBE_STRUCT(Dataset, (), (pixels, labels))

/// Reads a CSV file, gzipped or plain, whose rows are the 64 pixels of an image and its label.
/// Throws std::runtime_error, naming row and column, for a file that is anything else.
Dataset read_dataset(const std::filesystem::path& file);

/// Copies the given samples.
Dataset subset(const Dataset& data, const std::vector<std::size_t>& samples);

}  // namespace digits
