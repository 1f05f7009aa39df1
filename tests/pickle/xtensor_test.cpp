// xtensor's containers and views.

#include <list>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xtensor.hpp>

#include "make.hpp"

namespace joblib::test {

TEST_CASE("xtensor's containers are arrays of their shape and order") {
  const xt::xarray<double> rows{{1, 2, 3}, {4, 5, 6}};
  const Object object = in_python(rows);
  CHECK(object.repr() == "array([[1., 2., 3.],\n       [4., 5., 6.]])");
  CHECK((object.as<xt::xarray<double>>() == rows));
  CHECK((object.as<xt::xtensor<double, 2>>() == rows));
  CHECK((object.as<xt::xarray<double, xt::layout_type::column_major>>() == rows));
  CHECK(mismatch<xt::xtensor<double, 1>>(object) ==
        "expected array of 1 dimensions, found numpy.ndarray of float64, shape (2, 3)");
  CHECK(mismatch<xt::xarray<double>>(Object(std::list{1})) == "expected numpy.ndarray, found list");
}

TEST_CASE("xtensor's containers keep their order") {
  const xt::xarray<int, xt::layout_type::column_major> columns{{1, 2, 3}, {4, 5, 6}};
  const auto loaded = loads<ndarray<int>>(dumps(columns));
  CHECK(loaded.is_contiguous(Order::F));
  CHECK(loaded(1, 0) == 4);
  CHECK((in_python(columns).as<xt::xarray<int>>() == columns));
  CHECK(round_trip(xt::xarray<double>::from_shape({2, 0})).shape()[0] == 2);
}

TEST_CASE("xtensor's views and adaptors are written as what they show") {
  xt::xarray<int> rows{{1, 2, 3}, {4, 5, 6}};
  const auto view = xt::strided_view(rows, {xt::all(), xt::range(2, 0, -1)});
  CHECK((in_python(view).as<xt::xarray<int>>() == xt::xarray<int>{{3, 2}, {6, 5}}));
  std::vector<int> values{1, 2, 3, 4};
  const auto adapted = xt::adapt(values, std::vector<std::size_t>{2, 2});
  CHECK((in_python(adapted).as<xt::xarray<int>>() == xt::xarray<int>{{1, 2}, {3, 4}}));
}

}  // namespace joblib::test
