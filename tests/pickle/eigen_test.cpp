#include <Eigen/Core>
#include <vector>

#include "catch.hpp"
#include "joblib/hash.hpp"
#include "joblib/numpy/eigen.hpp"
#include "joblib/persistence.hpp"

using namespace joblib;

namespace {

template <class T>
T reloaded(const T& value) {
  return loads<T>(dumps(value));
}

}  // namespace

TEST_CASE("Eigen vectors are arrays of one axis") {
  const Eigen::VectorXd column = Eigen::Vector3d(1, 2, 3);
  CHECK(Object(column).shape() == std::vector<std::size_t>{3});
  CHECK(reloaded(column) == column);
  CHECK(hash(column) == hash(std::vector<double>{1, 2, 3}));
  const Eigen::RowVector3f row(1, 2, 3);
  CHECK(Object(row).shape() == std::vector<std::size_t>{3});
  CHECK(reloaded(row) == row);
}

TEST_CASE("Eigen matrices are arrays of two axes in their order") {
  const Eigen::MatrixXd columns = (Eigen::MatrixXd(2, 3) << 1, 2, 3, 4, 5, 6).finished();
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const RowMajor rows = columns;
  CHECK(Object(columns).shape() == std::vector<std::size_t>{2, 3});
  CHECK(reloaded(columns) == columns);
  CHECK(reloaded(rows) == rows);
  CHECK(loads<RowMajor>(dumps(columns)) == rows);
  CHECK(hash(columns) != hash(rows));
  const ndarray<double> as_array = loads<ndarray<double>>(dumps(columns));
  CHECK(as_array(1, 0) == 4);
  CHECK(as_array.strides()[0] == 1);
}

TEST_CASE("Eigen arrays and fixed sizes") {
  const Eigen::Array22i array = (Eigen::Array22i() << 1, 2, 3, 4).finished();
  CHECK((reloaded(array) == array).all());
  CHECK(loads<Eigen::MatrixXd>(dumps(std::vector<int>{1, 2})) == Eigen::Vector2d(1, 2));
  CHECK_THROWS_AS(loads<Eigen::Matrix2d>(dumps(Eigen::MatrixXd::Zero(2, 3).eval())), Error);
  CHECK_THROWS_AS(loads<Eigen::Vector3d>(dumps(std::vector<double>{1})), Error);
}

TEST_CASE("An Eigen matrix without elements") {
  const Eigen::MatrixXd none(0, 3);
  CHECK(reloaded(none).cols() == 3);
  CHECK(reloaded(Eigen::VectorXd()).size() == 0);
}
