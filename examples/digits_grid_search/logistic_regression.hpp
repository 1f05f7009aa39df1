#pragma once

#include <boost/describe/class.hpp>
#include <string>

#include "dataset.hpp"

namespace digits {

/// Multinomial logistic regression, fitted by gradient descent with momentum on the whole
/// data set.
struct LogisticRegression {
  float learning_rate = 1.0F;
  float l2 = 0.0F;  ///< the penalty is l2 / 2 times the sum of all squared weights
  int iterations = 100;
  float momentum = 0.9F;

  /// The labels of the images `pixels`, samples x 64.
  Labels predict(const Dataset& train, const Matrix& pixels) const;

  std::string describe() const;
};
BOOST_DESCRIBE_STRUCT(LogisticRegression, (), (learning_rate, l2, iterations, momentum))

}  // namespace digits
