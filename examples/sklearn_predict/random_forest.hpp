#pragma once

#include <cstddef>
#include <cstdint>
#include <joblib/persistence.hpp>
#include <span>
#include <vector>
#include <xtensor/xtensor.hpp>

#include "../digits_grid_search/matrix.hpp"

namespace digits {

/// One tree of scikit-learn. Its nodes are an array of structures: each member here is one field of
/// all of them, in the memory of that array.
class DecisionTree {
 public:
  /// `tree` is the attribute tree_ of a DecisionTreeClassifier.
  DecisionTree(const joblib::Object& tree, std::size_t n_features, std::size_t n_classes);

  /// The share of each class among the training samples that fell into the same leaf.
  xt::xtensor<double, 1> predict_proba(std::span<const float> sample) const;

 private:
  void check(std::size_t n_features) const;

  joblib::ndarray<const std::int64_t> left_child_;  // a node, or -1 in a leaf
  joblib::ndarray<const std::int64_t> right_child_;
  joblib::ndarray<const std::int64_t> feature_;  // the one that decides
  joblib::ndarray<const double> threshold_;      // its largest value for the left child
  joblib::ndarray<const double> samples_;        // nodes x classes: how many were there in training
};

/// scikit-learn's RandomForestClassifier: the mean of its trees.
class RandomForest {
 public:
  /// Throws joblib::Error where `classifier` is something else, or damaged.
  explicit RandomForest(const joblib::Object& classifier);

  /// samples x classes; `samples` has the features of the training.
  xt::xtensor<double, 2> predict_proba(const Matrix& samples) const;

 private:
  std::size_t n_features_;
  std::size_t n_classes_;
  std::vector<DecisionTree> trees_ = {};
};

}  // namespace digits
