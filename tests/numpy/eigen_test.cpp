#include "joblib/numpy/eigen.hpp"

#include <Eigen/Core>
#include <type_traits>

#include "catch.hpp"
#include "make_array.hpp"

using joblib::as_eigen;
using joblib::ndarray;
using namespace joblib::test;

TEST_CASE("Eigen sees an ndarray of two axes as a matrix") {
  const ndarray<double> array(counted<double>({2, 3}));
  auto matrix = as_eigen(array);
  CHECK(matrix == (Eigen::MatrixXd(2, 3) << 0, 1, 2, 3, 4, 5).finished());
  CHECK((matrix * matrix.transpose())(0, 1) == 14);
  matrix(1, 2) = 9;
  CHECK(array(1, 2) == 9);
  matrix *= 2;
  CHECK(array(1, 0) == 6);
}

TEST_CASE("Eigen sees an ndarray of one axis as a column") {
  const ndarray<float> array(sliced(counted<float>({6}), 0, -2));
  const Eigen::VectorXf column = as_eigen(array);
  CHECK(column == Eigen::Vector3f(5, 3, 1));
}

TEST_CASE("Eigen sees elements of any strides") {
  const ndarray<int> array(sliced(transposed(counted<int>({3, 4})), 0, -2));
  CHECK(as_eigen(array) == (Eigen::MatrixXi(2, 3) << 3, 7, 11, 1, 5, 9).finished());
}

TEST_CASE("Eigen can't write elements that are const") {
  const ndarray<const double> array = ndarray<double>(counted<double>({2}));
  const auto matrix = as_eigen(array);
  CHECK(matrix.sum() == 1);
  STATIC_REQUIRE(std::is_same_v<decltype(matrix.data()), const double*>);
}

TEST_CASE("An ndarray of other axes is no Eigen matrix") {
  CHECK_THROWS_AS(as_eigen(ndarray<int>({2, 2, 2})), joblib::Error);
  CHECK_THROWS_AS(as_eigen(ndarray<int>(std::vector<std::size_t>{})), joblib::Error);
}
