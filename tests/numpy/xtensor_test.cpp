#include "joblib/numpy/xtensor.hpp"

#include <type_traits>
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>

#include "catch.hpp"
#include "make_array.hpp"

using joblib::as_xtensor;
using joblib::ndarray;
using namespace joblib::test;

TEST_CASE("xtensor sees the elements of an ndarray") {
  const ndarray<double> array(counted<double>({2, 3}));
  auto view = as_xtensor(array);
  CHECK((view == xt::xarray<double>{{0, 1, 2}, {3, 4, 5}}));
  CHECK(xt::sum(view)() == 15);
  view(1, 2) = 9;
  CHECK(array(1, 2) == 9);
  view *= 2;
  CHECK(array(1, 0) == 6);
}

TEST_CASE("xtensor sees elements of any strides") {
  const xt::xarray<int> counted_by_rows = {{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11}};
  const ndarray<int> f(transposed(counted<int>({3, 4})));
  CHECK((as_xtensor(f) == xt::transpose(counted_by_rows)));
  const ndarray<int> some(sliced(sliced(counted<int>({3, 4}), 0, -1), 1, 2));
  CHECK((as_xtensor(some) == xt::xarray<int>{{8, 10}, {4, 6}, {0, 2}}));
  CHECK(as_xtensor(ndarray<int>(counted<int>({})))() == 0);
  CHECK(as_xtensor(ndarray<int>({2, 0, 3})).size() == 0);
}

TEST_CASE("xtensor writes the elements and nothing between them") {
  const ndarray<int> all(counted<int>({3, 4}));
  const ndarray<int> some(sliced(sliced(all.array(), 0, -2), 1, 2));
  auto view = as_xtensor(some);
  view += 100;
  CHECK(all == ndarray<int>::adopt({100, 1, 102, 3, 4, 5, 6, 7, 108, 9, 110, 11}).reshape({3, 4}));
  view = xt::xarray<int>{{1, 2}, {3, 4}};
  CHECK(all == ndarray<int>::adopt({3, 1, 4, 3, 4, 5, 6, 7, 1, 9, 2, 11}).reshape({3, 4}));
  view = view + view;
  CHECK(some == ndarray<int>::adopt({2, 4, 6, 8}).reshape({2, 2}));
  view.fill(0);
  CHECK(all == ndarray<int>::adopt({0, 1, 0, 3, 4, 5, 6, 7, 0, 9, 0, 11}).reshape({3, 4}));
  const auto copy = view;
  CHECK(xt::sum(copy)() == 0);
}

TEST_CASE("xtensor broadcasts axes of length one") {
  const ndarray<int> row(counted<int>({1, 3}));
  const ndarray<int> column(counted<int>({2, 1}));
  const xt::xarray<int> sum = as_xtensor(row) + as_xtensor(column);
  CHECK((sum == xt::xarray<int>{{0, 1, 2}, {1, 2, 3}}));
}

TEST_CASE("xtensor can't write elements that are const") {
  const ndarray<const double> array = ndarray<double>(counted<double>({2}));
  auto view = as_xtensor(array);
  CHECK((view == xt::xarray<double>{0, 1}));
  STATIC_REQUIRE(std::is_same_v<decltype(view(0)), const double&>);
}
