#include "logistic_regression.hpp"

#include <array>
#include <cstdio>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>

namespace digits {

namespace {

// samples x 65: the pixels scaled to 0..1, and 1, whose weight is the bias.
Matrix features(const Matrix& pixels) {
  Matrix result = xt::ones<float>({pixels.shape(0), n_pixels + 1});
  xt::view(result, xt::all(), xt::range(0, n_pixels)) = pixels / static_cast<float>(max_pixel);
  return result;
}

// classes x samples: 1 where the sample is of the class, else 0.
Matrix one_hot(const Labels& labels) {
  const auto classes = xt::arange<int>(n_classes);
  return xt::equal(xt::view(classes, xt::all(), xt::newaxis()), labels);
}

// Turns scores, classes x samples, into probabilities.
Matrix softmax(Matrix scores) {
  const xt::xtensor<float, 1> highest = xt::amax(scores, {0});
  scores = xt::exp(scores - highest);
  const xt::xtensor<float, 1> sums = xt::sum(scores, {0});
  scores /= sums;
  return scores;
}

}  // namespace

Labels LogisticRegression::predict(const Dataset& train, const Matrix& pixels) const {
  const Matrix samples = features(train.pixels);
  const Matrix samples_transposed = xt::transpose(samples);
  const Matrix target = one_hot(train.labels);
  const auto n_samples = static_cast<float>(samples.shape(0));

  Matrix weights = xt::zeros<float>({std::size_t{n_classes}, n_pixels + 1});
  Matrix velocity = xt::zeros_like(weights);
  for (int i = 0; i < iterations; ++i) {
    const Matrix error = softmax(product(weights, samples_transposed)) - target;
    const Matrix gradient = product(error, samples) / n_samples + l2 * weights;
    velocity = momentum * velocity - learning_rate * gradient;
    weights += velocity;
  }
  return largest_columns(product(features(pixels), xt::transpose(weights)));
}

std::string LogisticRegression::describe() const {
  std::array<char, 100> text;
  std::snprintf(text.data(), text.size(), "logistic regression, rate %g, l2 %g, %d iterations",
                double{learning_rate}, double{l2}, iterations);
  return text.data();
}

}  // namespace digits
