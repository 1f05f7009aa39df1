// xtensor's containers: the digests are those of Python's joblib for the value in the comment.

#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xtensor.hpp>

#include "catch.hpp"
#include "joblib/hash.hpp"

namespace joblib::test {

TEST_CASE("xtensor's containers hash as arrays of their order") {
  const xt::xarray<double> rows{{1, 2, 3}, {4, 5, 6}};
  CHECK(hash(rows) == "5f5714e65971e82cc6eba4bfeb4adcb7");  // np.arange(1.0, 7.0).reshape(2, 3)
  CHECK(hash(xt::xtensor<double, 2>(rows)) == hash(rows));
  CHECK(
      hash(xt::xarray<double, xt::layout_type::column_major>(rows)) ==
      "ac70e2eaee4840980b4cf0992fd08c92");  // np.asfortranarray(np.arange(1.0, 7.0).reshape(2, 3))
  CHECK(hash(xt::xtensor<double, 1>{1, 2}) == hash(std::vector<double>{1, 2}));
  CHECK(hash(xt::xarray<int>::from_shape({2, 1})) != hash(xt::xarray<int>::from_shape({1, 2})));
}

TEST_CASE("xtensor's views hash as what they show") {
  xt::xarray<int> rows{{1, 2, 3}, {4, 5, 6}};
  const auto view = xt::strided_view(rows, {xt::all(), xt::range(2, 0, -1)});
  // np.array([[1, 2, 3], [4, 5, 6]], "i4")[:, 2:0:-1]
  CHECK(hash(view) == "a39444af4971f2651379e0e4a18ac642");
  std::vector<int> values{1, 2, 3, 4};
  CHECK(hash(xt::adapt(values, std::vector<std::size_t>{2, 2})) ==
        "b1b850c548ffd30bfc011a5419f89062");  // np.array([[1, 2], [3, 4]], "i4")
  // np.array([[1, 2], [3, 4]], "i4")
  CHECK(hash(xt::xarray<int>{{1, 2}, {3, 4}}) == "b1b850c548ffd30bfc011a5419f89062");
}

}  // namespace joblib::test
