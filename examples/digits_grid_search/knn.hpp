#pragma once

#include <boost/describe/class.hpp>
#include <string>

#include "dataset.hpp"

namespace digits {

enum class Weights { uniform, distance };

/// Classifies an image by a vote of the most similar training images, as of Euclidean distance.
struct KNearestNeighbours {
  std::size_t k = 5;
  Weights weights = Weights::uniform;  ///< of the votes: all equal, or the inverse of the distance

  /// The labels of the images `pixels`, samples x 64. Among equal distances the earlier training
  /// image is preferred, among equal votes the smaller label.
  Labels predict(const Dataset& train, const Matrix& pixels) const;

  std::string describe() const;
};
BOOST_DESCRIBE_STRUCT(KNearestNeighbours, (), (k, weights))

}  // namespace digits
