// Classifiers that scikit-learn has trained, and Python's joblib has dumped, predict handwritten
// digits in C++. Fails unless their probabilities are Python's own.

#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <joblib/persistence.hpp>
#include <vector>
#include <xtensor/xmath.hpp>
#include <xtensor/xsort.hpp>

#include "../digits_grid_search/dataset.hpp"
#include "logistic_regression.hpp"
#include "random_forest.hpp"

namespace digits {

namespace {

using Probabilities = xt::xtensor<double, 2>;  // samples x classes

// Tells how good the predictions are, and whether they are those of Python.
bool report(const char* classifier, const Probabilities& probabilities, const Labels& labels,
            const Probabilities& python) {
  const xt::xtensor<std::size_t, 1> predicted = xt::argmax(probabilities, 1);
  const std::size_t right = xt::sum(xt::cast<std::size_t>(xt::equal(predicted, labels)))();
  const double difference = xt::amax(xt::abs(probabilities - python))();
  std::printf(
      "%s: %zu of %zu digits are right, the probabilities differ by at most %.1g from Python's\n",
      classifier, right, labels.size(), difference);
  return difference <= 1e-12;
}

bool run(const std::filesystem::path& folder) {
  // [predict]
  const joblib::Object python = joblib::load(folder / "probabilities.pkl.gz");
  const auto held_out = python["samples"].as<std::vector<std::size_t>>();
  const Dataset data = subset(read_dataset(folder / "digits.csv.gz"), held_out);

  const auto regression = joblib::load<LogisticRegression>(folder / "logistic_regression.pkl.gz");
  const RandomForest forest(joblib::load(folder / "random_forest.pkl.gz"));
  // [predict]

  const bool regression_agrees =
      report("logistic regression", regression.predict_proba(data.pixels), data.labels,
             python["logistic_regression"].as<Probabilities>());
  const bool forest_agrees = report("random forest", forest.predict_proba(data.pixels), data.labels,
                                    python["random_forest"].as<Probabilities>());
  return regression_agrees && forest_agrees;
}

}  // namespace

}  // namespace digits

int main() {
  try {
    return digits::run(EXAMPLES_DATA) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sklearn_predict: %s\n", error.what());
    return 1;
  }
}
