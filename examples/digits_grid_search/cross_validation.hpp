#pragma once

#include <boost/describe/class.hpp>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "dataset.hpp"
#include "knn.hpp"
#include "logistic_regression.hpp"

namespace digits {

/// One division of a data set: the indices of the samples to learn from, and of those to judge by.
struct Fold {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
};
BOOST_DESCRIBE_STRUCT(Fold, (), (train, test))

/// Shuffles the samples and divides them so that each is in the test part of one fold, and the
/// folds have the same number of samples of each class, give or take one.
std::vector<Fold> stratified_folds(const Labels& labels, std::size_t n_folds, std::uint64_t seed);

using Model = std::variant<LogisticRegression, KNearestNeighbours>;

/// The share of the fold's test samples that the model, having learnt from the others, labels
/// rightly.
double accuracy(const Dataset& data, const Model& model, const Fold& fold);

}  // namespace digits
