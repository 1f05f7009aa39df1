#include "cross_validation.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <xtensor/xmath.hpp>

namespace digits {

std::vector<Fold> stratified_folds(const Labels& labels, std::size_t n_folds, std::uint64_t seed) {
  std::vector<std::size_t> samples(labels.size());
  std::iota(samples.begin(), samples.end(), std::size_t{0});
  std::ranges::shuffle(samples, std::mt19937_64(seed));
  std::ranges::stable_sort(samples, {}, [&](std::size_t sample) { return labels(sample); });

  std::vector<Fold> folds(n_folds);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (std::size_t fold = 0; fold < n_folds; ++fold) {
      auto& part = i % n_folds == fold ? folds[fold].test : folds[fold].train;
      part.push_back(samples[i]);
    }
  }
  return folds;
}

double accuracy(const Dataset& data, const Model& model, const Fold& fold) {
  const Dataset train = subset(data, fold.train);
  const Dataset test = subset(data, fold.test);
  const auto predict = [&](const auto& chosen) { return chosen.predict(train, test.pixels); };
  return xt::mean(xt::equal(std::visit(predict, model), test.labels))();
}

}  // namespace digits
