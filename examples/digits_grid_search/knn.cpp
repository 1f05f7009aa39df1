#include "knn.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>

namespace digits {

namespace {

// |a - b|^2 = |a|^2 + |b|^2 - 2 a.b of each row of `a` with each row of `b`. Exact, since all terms
// are whole numbers below 2^24.
Matrix squared_distances(const Matrix& a, const Matrix& b) {
  const xt::xtensor<float, 1> a_norms = xt::sum(a * a, {1});
  const xt::xtensor<float, 1> b_norms = xt::sum(b * b, {1});
  return xt::view(a_norms, xt::all(), xt::newaxis()) + b_norms -
         2.0F * product(a, xt::transpose(b));
}

float vote(Weights weights, float squared_distance) {
  // Distinct images are at least 1 apart; equal ones outvote all others.
  return weights == Weights::uniform ? 1.0F : 1.0F / std::sqrt(std::max(squared_distance, 1e-9F));
}

}  // namespace

Labels KNearestNeighbours::predict(const Dataset& train, const Matrix& pixels) const {
  const Matrix distances = squared_distances(pixels, train.pixels);
  Matrix votes = xt::zeros<float>({pixels.shape(0), std::size_t{n_classes}});
  std::vector<std::size_t> samples(train.labels.size());
  std::iota(samples.begin(), samples.end(), std::size_t{0});
  const auto end = samples.begin() + static_cast<std::ptrdiff_t>(std::min(k, samples.size()));
  for (std::size_t i = 0; i < pixels.shape(0); ++i) {
    const auto nearness = [&](std::size_t sample) {
      return std::pair(distances(i, sample), sample);
    };
    std::ranges::partial_sort(samples, end, {}, nearness);
    for (auto sample = samples.begin(); sample != end; ++sample) {
      votes(i, train.labels(*sample)) += vote(weights, distances(i, *sample));
    }
  }
  return largest_columns(votes);
}

std::string KNearestNeighbours::describe() const {
  return "k-nearest neighbours, k " + std::to_string(k) + ", weights " +
         (weights == Weights::uniform ? "uniform" : "distance");
}

}  // namespace digits
