#include "logistic_regression.hpp"

#include <cstddef>
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>

namespace digits {

// The softmax of a linear function of the features.
xt::xtensor<double, 2> LogisticRegression::predict_proba(const Matrix& samples) const {
  auto result = xt::xtensor<double, 2>::from_shape({samples.shape(0), coef_.shape(0)});
  for (std::size_t i = 0; i < samples.shape(0); ++i) {
    const auto sample = xt::row(samples, static_cast<std::ptrdiff_t>(i));
    const xt::xtensor<double, 1> scores = xt::sum(coef_ * sample, {1}) + intercept_;
    const xt::xtensor<double, 1> odds = xt::exp(scores - xt::amax(scores));
    xt::row(result, static_cast<std::ptrdiff_t>(i)) = odds / xt::sum(odds);
  }
  return result;
}

}  // namespace digits
