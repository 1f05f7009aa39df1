#pragma once

#include <boost/describe/class.hpp>
#include <xtensor/xtensor.hpp>

#include "../digits_grid_search/matrix.hpp"

namespace digits {

/// What scikit-learn's multinomial LogisticRegression predicts with. The members have the names of
/// its attributes: joblib::load<LogisticRegression>() reads the estimator.
struct LogisticRegression {
  xt::xtensor<double, 2> coef_;       ///< classes x features
  xt::xtensor<double, 1> intercept_;  ///< classes

  /// samples x classes; `samples` has the features of the training.
  xt::xtensor<double, 2> predict_proba(const Matrix& samples) const;
};

BOOST_DESCRIBE_STRUCT(LogisticRegression, (), (coef_, intercept_))

}  // namespace digits
