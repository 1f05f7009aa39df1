#include "joblib/numpy/array.hpp"

#include <algorithm>
#include <complex>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <random>

#include "catch.hpp"
#include "core/file_tree.hpp"
#include "joblib/core/error.hpp"
#include "joblib/io/mapped_file.hpp"
#include "make_array.hpp"

using joblib::dtype;
using joblib::errc;
using joblib::Error;
using joblib::MmapMode;
using joblib::Order;
using namespace joblib::detail;
using namespace joblib::test;

using Shape = std::vector<std::size_t>;
using Strides = std::vector<std::ptrdiff_t>;

namespace {

// Elements in the given order, one by one.
template <class T>
std::vector<T> slowly(const Array& array, Order order) {
  std::vector<T> result;
  Shape index(array.ndim(), 0);
  for (std::size_t n = array.size(); n > 0; --n) {
    const std::byte* at = array.data.get();
    for (std::size_t i = 0; i < array.ndim(); ++i) {
      at += static_cast<std::ptrdiff_t>(index[i]) * array.strides[i];
    }
    T value;
    std::memcpy(&value, at, sizeof(T));
    result.push_back(value);
    for (std::size_t i = 0; i < array.ndim(); ++i) {
      const std::size_t axis = order == Order::F ? i : array.ndim() - 1 - i;
      if (++index[axis] < array.shape[axis]) break;
      index[axis] = 0;
    }
  }
  return result;
}

template <class T>
std::vector<T> in_pieces(const Array& array, Order order) {
  std::vector<std::byte> bytes;
  for_each_piece(array, order, [&](std::span<const std::byte> piece) {
    CHECK_FALSE(piece.empty());
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  });
  std::vector<T> result(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(result.data(), bytes.data(), bytes.size());
  return result;
}

}  // namespace

TEST_CASE("Strides without gaps are those of numpy") {
  CHECK(contiguous_strides(Shape{2, 3, 4}, 8, Order::C) == Strides{96, 32, 8});
  CHECK(contiguous_strides(Shape{2, 3, 4}, 8, Order::F) == Strides{8, 16, 48});
  CHECK(contiguous_strides(Shape{}, 8, Order::C).empty());
  CHECK(contiguous_strides(Shape{1, 5, 1}, 2, Order::C) == Strides{10, 2, 2});
  CHECK(contiguous_strides(Shape{2, 0, 3}, 8, Order::C) == Strides{0, 0, 0});
}

TEST_CASE("A shape that no memory holds is refused") {
  constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max();
  CHECK(checked_size(Shape{}, 8) == 1);
  CHECK(checked_size(Shape{3, 0}, 8) == 0);
  CHECK(checked_size(Shape{most}, 1) == most);
  CHECK(checked_size(Shape{1000, 1000}, 0) == 1'000'000);
  CHECK_THROWS_AS(checked_size(Shape{most}, 2), Error);
  CHECK_THROWS_AS(checked_size(Shape{most / 2, 3}, 1), Error);
  CHECK_THROWS_AS(checked_size(Shape{1U << 31, 1U << 31, 4}, 8), Error);
  CHECK_THROWS_AS(checked_size(Shape{SIZE_MAX, SIZE_MAX}, 1), Error);
  CHECK_THROWS_AS(checked_size(Shape{SIZE_MAX, 0}, 1), Error);
  CHECK_THROWS_AS(checked_size(Shape(65, 1), 1), Error);
  CHECK_THROWS_AS(contiguous_strides(Shape{SIZE_MAX, 0}, 1, Order::F), Error);
}

TEST_CASE("An array is contiguous in the orders that numpy says") {
  Array array = counted<int>({2, 3});
  CHECK(array.is_contiguous(Order::C));
  CHECK_FALSE(array.is_contiguous(Order::F));
  CHECK_FALSE(transposed(array).is_contiguous(Order::C));
  CHECK(transposed(array).is_contiguous(Order::F));
  CHECK_FALSE(sliced(array, 1, 2).is_contiguous(Order::C));
  CHECK_FALSE(sliced(counted<int>({3}), 0, -1).is_contiguous(Order::C));

  array = counted<int>({1, 3});
  array.strides[0] = 1234;
  CHECK(array.is_contiguous(Order::C));
  CHECK(array.is_contiguous(Order::F));
  array = counted<int>({0, 3});
  array.strides = {7, -5};
  CHECK(array.is_contiguous(Order::F));
  CHECK(counted<int>({}).is_contiguous(Order::C));
}

TEST_CASE("Memory of elements is aligned and can be written") {
  const std::size_t bytes =
      GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{100}, (std::size_t{4} << 20) - 1,
               std::size_t{4} << 20, (std::size_t{9} << 20) + 12345);
  const auto data = allocate_elements(bytes);
  REQUIRE(data != nullptr);
  const std::size_t alignment = bytes >= 4 << 20 ? 2 << 20 : 64;
  CHECK(reinterpret_cast<std::uintptr_t>(data.get()) % alignment == 0);
  std::fill_n(data.get(), bytes, std::byte{1});
}

TEST_CASE("Memory that does not exist is an error") {
  CHECK_THROWS_AS(allocate_elements(SIZE_MAX), Error);
  CHECK_THROWS_AS(allocate_elements(SIZE_MAX / 2), Error);
  CHECK_THROWS_AS(allocate_elements(std::size_t{1} << 60), Error);
}

TEST_CASE("A new array is zero") {
  const Shape shape = GENERATE(Shape{}, Shape{0}, Shape{3, 5}, Shape{3, 200'000});
  const Array array = zeros("f8", shape, Order::F);
  CHECK(array.is_contiguous(Order::F));
  CHECK(elements_of<double>(array) == std::vector<double>(array.size(), 0.0));
  CHECK(array.writable);
  CHECK(array.file == nullptr);
}

TEST_CASE("Elements of any strides are copied in both orders") {
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto draw = [&](int from, int to) {
    return std::uniform_int_distribution(from, to)(random);
  };
  for (int round = 0; round < 200; ++round) {
    Shape shape(static_cast<std::size_t>(draw(0, 5)));
    for (auto& length : shape) length = static_cast<std::size_t>(draw(draw(0, 9) > 0, 7));
    Array array = counted<std::int64_t>(shape);
    for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
      if (draw(0, 1)) array = sliced(array, axis, std::vector{1, 2, 3, -1, -2}[draw(0, 4)]);
      if (draw(0, 9) == 0) array.strides[axis] = 0;
    }
    if (draw(0, 1)) array = transposed(array);
    const Order order = draw(0, 1) ? Order::C : Order::F;
    const auto expected = slowly<std::int64_t>(array, order);
    CAPTURE(array.shape, array.strides, order);
    const Array copied = copy(array, order);
    CHECK(copied.is_contiguous(order));
    CHECK(copied.shape == array.shape);
    CHECK(elements_of<std::int64_t>(copied) == expected);
    CHECK(in_pieces<std::int64_t>(array, order) == expected);
  }
}

TEMPLATE_TEST_CASE("Elements of any size are copied", "", std::uint8_t, std::uint16_t,
                   std::uint32_t, double, long double, std::complex<long double>) {
  const Array array = sliced(transposed(counted<TestType>({4, 6})), 0, -2);
  CHECK(elements_of<TestType>(copy(array, Order::C)) == slowly<TestType>(array, Order::C));
}

TEST_CASE("A copy shares nothing") {
  const Array array = counted<int>({3});
  const Array copied = copy(array, Order::C);
  copied.data.get()[0] = std::byte{9};
  CHECK(elements_of<int>(array) == std::vector{0, 1, 2});
}

TEST_CASE("Pieces are the memory itself or small") {
  const Array array = counted<double>({1000, 300});
  std::size_t pieces = 0;
  for_each_piece(transposed(array), Order::F, [&](std::span<const std::byte> piece) {
    ++pieces;
    CHECK(piece.data() == array.data.get());
    CHECK(piece.size() == array.nbytes());
  });
  CHECK(pieces == 1);
  for_each_piece(transposed(array), Order::C, [&](std::span<const std::byte> piece) {
    ++pieces;
    CHECK(piece.size() <= 256 << 10);
  });
  CHECK(pieces == 1 + (array.nbytes() + (256 << 10) - 1) / (256 << 10));
  CHECK(in_pieces<double>(transposed(array), Order::C) ==
        slowly<double>(transposed(array), Order::C));
}

TEST_CASE("An element larger than a piece is one piece") {
  Array array = zeros("S300000", {4}, Order::C);
  array = sliced(array, 0, 2);
  std::size_t pieces = 0;
  for_each_piece(array, Order::C, [&](std::span<const std::byte> piece) {
    ++pieces;
    CHECK(piece.size() == 300'000);
  });
  CHECK(pieces == 2);
}

TEST_CASE("Elements of no bytes are no piece") {
  const Array array = zeros("S0", {1'000'000'000'000}, Order::C);
  for_each_piece(array, Order::C, [](auto) { FAIL(); });
  CHECK(copy(array, Order::F).size() == array.size());
}

TEST_CASE("Elements of a file are mapped") {
  const FileTree tree;
  tree.write("data", "0123456789");
  const auto file = std::make_shared<MappedFile>(tree.root() / "data", MmapMode::r);
  const Array array = map_array(file, "S2", {2, 2}, Order::F, 1);
  CHECK(array.file != nullptr);
  CHECK_FALSE(array.writable);
  CHECK(array.strides == Strides{2, 4});
  CHECK(array.data.get() == file->bytes().data() + 1);
  CHECK(map_array(file, "S5", {2}, Order::C, 0).size() == 2);
  CHECK(map_array(file, "S5", {0}, Order::C, 10).size() == 0);

  const auto code = [&](const char* type, Shape shape, std::uint64_t offset) {
    try {
      map_array(file, type, std::move(shape), Order::C, offset);
    } catch (const Error& error) {
      return error.code();
    }
    return errc{};
  };
  CHECK(code("S5", {2}, 1) == errc::corrupt_data);
  CHECK(code("S5", {0}, 11) == errc::corrupt_data);
  CHECK(code("S1", {1}, UINT64_MAX) == errc::corrupt_data);
  CHECK(code("S2", {SIZE_MAX / 2}, 0) == errc::invalid_argument);
  CHECK(code("O", {1}, 0) == errc::unsupported);
}

TEST_CASE("A mapped array keeps the map") {
  const FileTree tree;
  tree.write("data", "0123456789");
  tree.write("empty", "");
  auto file = std::make_shared<MappedFile>(tree.root() / "data", MmapMode::c);
  const Array array = map_array(file, "S1", {10}, Order::C, 0);
  file.reset();
  CHECK(array.writable);
  array.data.get()[3] = std::byte{'x'};
  CHECK(elements_of<char>(array)[9] == '9');
  file = std::make_shared<MappedFile>(tree.root() / "empty", MmapMode::r);
  CHECK(map_array(file, "f8", {3, 0}, Order::C, 0).size() == 0);
}
