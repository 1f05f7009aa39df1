#include "random_forest.hpp"

#include <algorithm>
#include <cassert>
#include <joblib/numpy/xtensor.hpp>
#include <ranges>
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>

namespace digits {

using joblib::ndarray, joblib::Object;

// [tree]
DecisionTree::DecisionTree(const Object& tree, std::size_t n_features, std::size_t n_classes) {
  const Object nodes = tree.attr("nodes");
  left_child_ = nodes["left_child"].as<ndarray<const std::int64_t>>();
  right_child_ = nodes["right_child"].as<ndarray<const std::int64_t>>();
  feature_ = nodes["feature"].as<ndarray<const std::int64_t>>();
  threshold_ = nodes["threshold"].as<ndarray<const double>>();
  samples_ = tree.attr("values").as<ndarray<const double>>().reshape({nodes.size(), n_classes});
  check(n_features);
}

xt::xtensor<double, 1> DecisionTree::predict_proba(std::span<const float> sample) const {
  std::int64_t node = 0;
  while (left_child_(node) >= 0) {
    const float value = sample[static_cast<std::size_t>(feature_(node))];
    node = value <= threshold_(node) ? left_child_(node) : right_child_(node);
  }
  const auto all_samples = joblib::as_xtensor(samples_);
  const auto samples = xt::row(all_samples, node);
  return samples / xt::sum(samples);
}
// [tree]

// Files may hold anything: a walk must stay in the arrays, and end.
void DecisionTree::check(std::size_t n_features) const {
  const auto size = static_cast<std::int64_t>(samples_.shape()[0]);
  const auto is_sound = [&](std::int64_t node) {
    const auto is_later = [&](std::int64_t child) { return node < child && child < size; };
    return left_child_(node) < 0 ||
           (is_later(left_child_(node)) && is_later(right_child_(node)) && feature_(node) >= 0 &&
            static_cast<std::size_t>(feature_(node)) < n_features);
  };
  if (size == 0 || !std::ranges::all_of(std::views::iota(std::int64_t{0}, size), is_sound))
    throw joblib::Error(joblib::errc::corrupt_data, "a tree of the forest is damaged");
}

// [forest]
RandomForest::RandomForest(const Object& classifier)
    : n_features_(classifier.attr("n_features_in_").as<std::size_t>()),
      n_classes_(classifier.attr("n_classes_").as<std::size_t>()) {
  for (const Object& estimator : classifier.attr("estimators_"))
    trees_.emplace_back(estimator.attr("tree_"), n_features_, n_classes_);
}
// [forest]

xt::xtensor<double, 2> RandomForest::predict_proba(const Matrix& samples) const {
  assert(samples.shape(1) == n_features_);
  xt::xtensor<double, 2> result = xt::zeros<double>({samples.shape(0), n_classes_});
  for (std::size_t i = 0; i < samples.shape(0); ++i) {
    const std::span sample(&samples(i, 0), samples.shape(1));
    auto mean = xt::row(result, static_cast<std::ptrdiff_t>(i));
    for (const DecisionTree& tree : trees_) mean += tree.predict_proba(sample);
    mean /= static_cast<double>(trees_.size());
  }
  return result;
}

}  // namespace digits
