#include "joblib/numpy/ndarray.hpp"

#include <algorithm>
#include <complex>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>
#include <ranges>
#include <string>
#include <type_traits>

#include "catch.hpp"
#include "core/file_tree.hpp"
#include "joblib/core/error.hpp"
#include "joblib/io/mapped_file.hpp"
#include "make_array.hpp"

using Catch::Contains;
using joblib::Error;
using joblib::MmapMode;
using joblib::ndarray;
using joblib::Order;
using joblib::detail::Array;
using joblib::detail::map_array;
using joblib::detail::MappedFile;
using namespace joblib::test;

using Shape = std::vector<std::size_t>;
using Strides = std::vector<std::ptrdiff_t>;

namespace {

template <class T>
Shape shape_of(const ndarray<T>& array) {
  return {array.shape().begin(), array.shape().end()};
}

template <class T>
std::vector<std::remove_const_t<T>> elements(const ndarray<T>& array) {
  return {array.begin(), array.end()};
}

Array mapped(const FileTree& tree, MmapMode mode, std::uint64_t offset = 8) {
  return map_array(std::make_shared<MappedFile>(tree.root() / "data", mode), "i4", {2}, Order::C,
                   offset);
}

}  // namespace

TEST_CASE("An ndarray without arguments is empty") {
  const ndarray<double> array;
  CHECK(array.ndim() == 1);
  CHECK(array.size() == 0);
  CHECK(array.empty());
  CHECK(array.begin() == array.end());
  CHECK(array.span().empty());
  CHECK(array.copy() == array);
  CHECK(array == ndarray<const double>());
}

TEST_CASE("An ndarray of a shape is zero") {
  const ndarray<int> array({2, 3});
  CHECK(shape_of(array) == Shape{2, 3});
  CHECK(array.strides() == Strides{3, 1});
  CHECK(elements(array) == std::vector<int>(6, 0));
  CHECK(ndarray<int>({2, 3}, Order::F).strides() == Strides{1, 2});
  CHECK(ndarray<bool>({0}).empty());
  CHECK(ndarray<std::complex<double>>(Shape{}).size() == 1);
  CHECK_THROWS_AS(ndarray<int>({SIZE_MAX, 2}), Error);
}

TEST_CASE("Copies of an ndarray share its elements") {
  const ndarray<int> array({2, 2});
  const ndarray<int> name = array;
  const ndarray<const int> view = array;
  const ndarray<int> independent = array.copy();
  array(1, 0) = 7;
  CHECK(name(1, 0) == 7);
  CHECK(view(1, 0) == 7);
  CHECK(independent(1, 0) == 0);
  STATIC_REQUIRE(std::is_same_v<decltype(view.copy()), ndarray<int>>);
  STATIC_REQUIRE(std::is_same_v<decltype(view(0, 0)), const int&>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<ndarray<const int>, ndarray<int>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<ndarray<int>, ndarray<const long>>);
}

TEST_CASE("An ndarray outlives the handles that it was made from") {
  ndarray<const int> view;
  {
    const ndarray<int> array({3});
    array(2) = 5;
    view = array;
  }
  CHECK(view(2) == 5);
}

TEST_CASE("A vector's elements are taken over, not copied") {
  std::vector<double> values = {1, 2, 3, 4, 5, 6};
  const double* first = values.data();
  const auto array = ndarray<double>::adopt(std::move(values));
  CHECK(array.data() == first);
  CHECK(shape_of(array) == Shape{6});
  CHECK(array.reshape({2, 3})(1, 0) == 4);
  CHECK(ndarray<const std::size_t>::adopt({7, 8})(1) == 8);
  CHECK(ndarray<float>::adopt({}).empty());
}

TEST_CASE("Foreign memory is adopted with its strides") {
  bool freed = false;
  int values[6] = {0, 1, 2, 3, 4, 5};
  {
    const std::shared_ptr<int> owner(values + 5, [&](int*) { freed = true; });
    const auto array = ndarray<int>::adopt(owner, {3, 2}, {-2, -1});
    CHECK(elements(array) == std::vector{5, 4, 3, 2, 1, 0});
    CHECK(array.strides() == Strides{-2, -1});
    CHECK(&array(2, 1) == values);
    CHECK_THROWS_AS(ndarray<int>::adopt(owner, {3}, {}), Error);
    CHECK_THROWS_AS(ndarray<int>::adopt(owner, {SIZE_MAX}, {1}), Error);
  }
  CHECK(freed);
  const auto fixed = ndarray<const int>::adopt(std::make_shared<const int>(4), {}, {});
  CHECK(fixed() == 4);
}

TEST_CASE("Iterators go through the elements in C order") {
  const ndarray<int> c(counted<int>({3, 4}));
  const ndarray<int> f(transposed(counted<int>({3, 4})));
  const ndarray<int> backwards(sliced(counted<int>({7}), 0, -2));
  STATIC_REQUIRE(std::random_access_iterator<ndarray<int>::iterator>);
  STATIC_REQUIRE(std::ranges::random_access_range<const ndarray<const double>>);
  CHECK(elements(c) == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(elements(f) == std::vector{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11});
  CHECK(elements(backwards) == std::vector{6, 4, 2, 0});
  CHECK(elements(ndarray<int>(counted<int>({}))) == std::vector{0});

  auto it = f.begin();
  CHECK(it[4] == 5);
  CHECK(*(it + 5) == 9);
  it += 6;
  CHECK(*it-- == 2);
  CHECK(*it == 9);
  CHECK(it - f.begin() == 5);
  CHECK(f.begin() < it);
  CHECK(f.end() - f.begin() == 12);

  std::ranges::sort(f);
  CHECK(f(0, 1) == 1);
  CHECK(f(3, 2) == 11);
  for (int& element : backwards) element = 9;
  CHECK(backwards(3) == 9);
}

TEST_CASE("A span shows the elements in the order of memory") {
  const ndarray<int> f(transposed(counted<int>({2, 3})));
  CHECK(std::ranges::equal(f.span(), std::vector{0, 1, 2, 3, 4, 5}));
  f.span()[1] = 9;
  CHECK(f(1, 0) == 9);
  const ndarray<int> gaps(sliced(counted<int>({6}), 0, 2));
  CHECK_THROWS_WITH(gaps.span(), Contains("copy()"));
  CHECK(gaps.copy().span().size() == 3);
}

TEST_CASE("An ndarray in C order is reshaped without a copy") {
  const ndarray<int> array(counted<int>({2, 6}));
  const auto other = array.reshape({3, 1, 4});
  CHECK(other.data() == array.data());
  CHECK(other(2, 0, 3) == 11);
  CHECK(ndarray<int>({0, 5}).reshape({0}).empty());
  CHECK(ndarray<int>({1}).reshape({}).ndim() == 0);
  CHECK_THROWS_AS(array.reshape({5}), Error);
  CHECK_THROWS_AS(array.reshape({SIZE_MAX, SIZE_MAX}), Error);
  CHECK_THROWS_WITH(ndarray<int>({2, 3}, Order::F).reshape({6}), Contains("copy()"));
}

TEST_CASE("A copy has the order that was asked for") {
  const ndarray<int> array(counted<int>({2, 3}));
  const auto f = array.copy(Order::F);
  CHECK(f.is_contiguous(Order::F));
  CHECK_FALSE(f.is_contiguous(Order::C));
  CHECK(f == array);
  CHECK(f.copy().is_contiguous(Order::C));
}

TEST_CASE("ndarrays are equal where shapes and elements are") {
  const ndarray<int> array(counted<int>({2, 3}));
  CHECK(array == array.copy());
  CHECK(array == ndarray<const int>(array));
  CHECK(array != array.reshape({3, 2}));
  CHECK(array != ndarray<int>({2, 3}));
  CHECK(ndarray<int>({0, 2}) != ndarray<int>({2, 0}));
  CHECK(ndarray<double>::adopt({0.0}) == ndarray<double>::adopt({-0.0}));
}

TEST_CASE("An ndarray takes arrays of its own type only") {
  const Array array = counted<std::int32_t>({4});
  CHECK(ndarray<const std::int32_t>(array).array().data == array.data);
  CHECK_THROWS_WITH(ndarray<float>(array), Contains("dtype('int32')") && Contains("float32"));
  Array foreign = array;
  foreign.type = ">i4";
  CHECK_THROWS_WITH(ndarray<std::int32_t>(foreign), Contains("'>i4'"));
  Array odd = array;
  odd.strides = {6};
  CHECK_THROWS_WITH(ndarray<std::int32_t>(odd), Contains("not aligned"));
  odd.strides = {4};
  odd.shape = {3};
  odd.data = {array.data, array.data.get() + 1};
  CHECK_THROWS_WITH(ndarray<std::int32_t>(odd), Contains("not aligned"));
}

TEST_CASE("An ndarray of a read-only map has const elements") {
  const FileTree tree;
  tree.write("data", "0123456789abcdef");
  CHECK_THROWS_WITH(ndarray<int>(mapped(tree, MmapMode::r)),
                    Contains("const") && Contains("mmap_mode c"));
  const ndarray<const int> array(mapped(tree, MmapMode::r));
  CHECK(array.mapped());
  CHECK(array.data()[0] == 0x62613938);
  CHECK_FALSE(array.copy().mapped());
  CHECK_THROWS_WITH(ndarray<const int>(mapped(tree, MmapMode::r, 7)), Contains("not aligned"));
}

TEST_CASE("What is written to an ndarray of a map goes to its file") {
  const FileTree tree;
  tree.write("data", "0123456789abcdef");
  const ndarray<int> array(mapped(tree, MmapMode::r_plus));
  array(1) = 0x5a595857;
  array.flush();
  std::ifstream file(tree.root() / "data");
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == "0123456789abWXYZ");
  ndarray<int>({3}).flush();
  ndarray<int>::adopt(std::shared_ptr<int>(array.array().data, &array(1)), {2}, {-1}).flush();
}
