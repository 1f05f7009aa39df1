#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "catch.hpp"
#include "joblib/core/error.hpp"
#include "joblib/numpy/array.hpp"
#include "make_array.hpp"

using joblib::dtype;
using joblib::Error;
using joblib::Order;
using namespace joblib::detail;
using namespace joblib::test;

namespace {

constexpr const char* numbers[] = {"?",  "i1", "i2", "i4", "i8", "u1", "u2",  "u4",
                                   "u8", "f2", "f4", "f8", "g",  "c8", "c16", "G"};

// x: numpy.can_cast(row, column), 1.24
constexpr std::string_view casts[] = {
    "xxxxxxxxxxxxxxxx",  // ?
    ".xxxx....xxxxxxx",  // i1
    "..xxx.....xxxxxx",  // i2
    "...xx......xx.xx",  // i4
    "....x......xx.xx",  // i8
    "..xxxxxxxxxxxxxx",  // u1
    "...xx.xxx.xxxxxx",  // u2
    "....x..xx..xx.xx",  // u4
    "........x..xx.xx",  // u8
    ".........xxxxxxx",  // f2
    "..........xxxxxx",  // f4
    "...........xx.xx",  // f8
    "............x..x",  // g
    ".............xxx",  // c8
    "..............xx",  // c16
    "...............x",  // G
};

template <class To>
std::vector<To> converted(const Array& from, Order order = Order::C) {
  std::vector<To> result(from.size());
  convert(from, dtype::of<To>(), order, reinterpret_cast<std::byte*>(result.data()));
  return result;
}

// The same elements in the other byte order, as bytes of an array of that type.
Array foreign(const Array& array) {
  Array result = array;
  result.type = array.type.byte_swapped();
  result = to_native(result);
  result.type = array.type.byte_swapped();
  return result;
}

template <class From>
std::vector<From> interesting() {
  if constexpr (std::is_integral_v<From>) {
    using limits = std::numeric_limits<From>;
    return {From(0), From(1), limits::min(), limits::max(), From(limits::max() / 3)};
  } else if constexpr (is_complex<From>) {
    return {{0, 0}, {1.5F, -2}, {-0.25F, 1e30F}};
  } else {
    using limits = std::numeric_limits<From>;
    return {0, From(-1.5), limits::max(), limits::denorm_min(), limits::infinity()};
  }
}

template <class From, class... To>
void check_all(const std::vector<From>& values) {
  const auto check = [&]<class Target>(std::type_identity<Target>) {
    const Array array = array_of<From>({values.size()}, values);
    CAPTURE(array.type.name(), dtype::of<Target>().name());
    if (!is_safe_cast(array.type, dtype::of<Target>())) {
      std::vector<Target> target(values.size());
      CHECK_THROWS_AS(convert(array, dtype::of<Target>(), Order::C,
                              reinterpret_cast<std::byte*>(target.data())),
                      Error);
    } else if constexpr (!is_complex<From> || is_complex<Target>) {
      std::vector<Target> expected;
      for (const From value : values) {
        if constexpr (is_complex<From>) {
          using Part = typename Target::value_type;
          expected.emplace_back(static_cast<Part>(value.real()), static_cast<Part>(value.imag()));
        } else if constexpr (is_complex<Target>) {
          expected.emplace_back(static_cast<typename Target::value_type>(value));
        } else {
          expected.push_back(static_cast<Target>(value));
        }
      }
      CHECK(converted<Target>(array) == expected);
      CHECK(converted<Target>(foreign(array)) == expected);
      CHECK(converted<Target>(sliced(foreign(array), 0, -1)) ==
            std::vector<Target>(expected.rbegin(), expected.rend()));
    }
  };
  (check(std::type_identity<To>()), ...);
}

template <class... Numbers>
void check_all_pairs() {
  (check_all<Numbers, Numbers...>(interesting<Numbers>()), ...);
}

}  // namespace

TEST_CASE("Casts are safe where numpy says so") {
  for (std::size_t i = 0; i < std::size(numbers); ++i) {
    for (std::size_t k = 0; k < std::size(numbers); ++k) {
      CAPTURE(numbers[i], numbers[k]);
      CHECK(is_safe_cast(numbers[i], numbers[k]) == (casts[i][k] == 'x'));
      CHECK(is_safe_cast(dtype(numbers[i]).byte_swapped(), numbers[k]) == (casts[i][k] == 'x'));
    }
  }
  CHECK(is_safe_cast("S5", "S5"));
  CHECK(is_safe_cast("M8[s]", "M8[s]"));
  CHECK_FALSE(is_safe_cast("S5", "f8"));
  CHECK_FALSE(is_safe_cast("f8", "S5"));
  CHECK_FALSE(is_safe_cast("M8[s]", "i8"));
  CHECK_FALSE(is_safe_cast("V8", "f8"));
}

TEST_CASE("Numbers are converted to all types that hold them") {
  check_all_pairs<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                  std::uint16_t, std::uint32_t, std::uint64_t, float, double, long double,
                  std::complex<float>, std::complex<double>, std::complex<long double>>();
}

TEST_CASE("Bools are converted, from whatever byte") {
  Array array = array_of<std::uint8_t>({4}, {0, 1, 2, 255});
  array.type = "?";
  CHECK(converted<int>(array) == std::vector{0, 1, 1, 1});
  CHECK(converted<double>(array) == std::vector{0.0, 1.0, 1.0, 1.0});
  std::byte bools[4];
  convert(array, "?", Order::C, bools);
  CHECK(bools[0] == std::byte{0});
  CHECK(bools[1] == std::byte{1});
  CHECK(bools[2] == std::byte{1});
  CHECK(bools[3] == std::byte{1});
}

TEST_CASE("Half precision is read exactly") {
  // Bits and values of numpy.float16.
  const std::vector<std::pair<std::uint16_t, double>> halves = {
      {0x0000, 0x0.0p+0},
      {0x8000, -0x0.0p+0},
      {0x0001, 0x1.0000000000000p-24},
      {0x8001, -0x1.0000000000000p-24},
      {0x03ff, 0x1.ff80000000000p-15},
      {0x0400, 0x1.0000000000000p-14},
      {0x3c00, 0x1.0000000000000p+0},
      {0xbc00, -0x1.0000000000000p+0},
      {0x3c01, 0x1.0040000000000p+0},
      {0x4248, 0x1.9200000000000p+1},
      {0x7bff, 0x1.ffc0000000000p+15},
      {0xfbff, -0x1.ffc0000000000p+15},
      {0x3555, 0x1.5540000000000p-2},
  };
  for (const auto& [bits, value] : halves) {
    CAPTURE(bits, value);
    Array array = array_of<std::uint16_t>({1}, {bits});
    array.type = "f2";
    CHECK(converted<double>(array)[0] == value);
    CHECK(std::signbit(converted<float>(array)[0]) == std::signbit(value));
    CHECK(converted<std::complex<float>>(array)[0].real() == static_cast<float>(value));
    CHECK(converted<long double>(foreign(array))[0] == value);
  }
  Array array = array_of<std::uint16_t>({3}, {0x7c00, 0xfc00, 0x7e00});
  array.type = "f2";
  const auto special = converted<float>(array);
  CHECK(special[0] == std::numeric_limits<float>::infinity());
  CHECK(special[1] == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(special[2]));
}

TEST_CASE("Arrays are converted in both orders from any strides") {
  const Array array = sliced(transposed(counted<std::int16_t>({3, 4})), 0, -2);  // 2 by 3
  CHECK(converted<double>(array) == std::vector<double>{3, 7, 11, 1, 5, 9});
  CHECK(converted<double>(array, Order::F) == std::vector<double>{3, 1, 7, 5, 11, 9});
  CHECK(converted<int>(foreign(array), Order::F) == std::vector{3, 1, 7, 5, 11, 9});
  const Array large = counted<std::int32_t>({100, 173});
  CHECK(converted<std::int32_t>(foreign(large)) == elements_of<std::int32_t>(large));
}

TEST_CASE("What is no number is not converted") {
  const Array array = zeros("S5", {2}, Order::C);
  std::byte target[16];
  CHECK_THROWS_AS(convert(array, "f8", Order::C, target), Error);
  CHECK_THROWS_AS(convert(array, "S5", Order::C, target), Error);
  CHECK_THROWS_AS(convert(zeros("?", {2}, Order::C), "f2", Order::C, target), Error);
  CHECK_THROWS_AS(convert(zeros("?", {2}, Order::C), ">f4", Order::C, target), Error);
}

TEST_CASE("A native array stays as it is") {
  const Array array = counted<double>({2, 3});
  CHECK(to_native(array).data == array.data);
}

TEST_CASE("Foreign elements are swapped in a new array") {
  const auto type = GENERATE("i2", "u4", "f8", "g", "c8", "c16", "G", "U3", "M8[s]");
  const dtype native = type;
  Array array = zeros(native, {2, 3}, Order::C);
  for (std::size_t i = 0; i < array.nbytes(); ++i) array.data.get()[i] = std::byte(i);
  array.type = native.byte_swapped();
  for (const auto& view : {array, transposed(array)}) {
    const Array swapped = to_native(view);
    CHECK(swapped.type == native);
    CHECK(swapped.strides == view.strides);
    CHECK(swapped.data != array.data);
    const std::size_t unit = native.kind() == dtype::Kind::complex ? native.itemsize() / 2
                             : native.kind() == dtype::Kind::str   ? 4
                                                                   : native.itemsize();
    bool equal = true;
    for (std::size_t i = 0; i < array.nbytes(); ++i) {
      equal &= swapped.data.get()[i] == std::byte(i / unit * unit + (unit - 1 - i % unit));
    }
    CHECK(equal);
  }
}

TEST_CASE("Foreign fields are swapped, others stay") {
  const dtype point = dtype::structure({{"x", ">i2", 0}, {"y", "i2", 2}}, 4);
  const dtype type = dtype::structure({{"p", dtype::sub_array(point, {2}), 1},
                                       {"s", "S1", 0},
                                       {"f", dtype::sub_array(">u4", {1}), 9}},
                                      13);
  Array array = zeros(type, {2}, Order::C);
  for (std::size_t i = 0; i < array.nbytes(); ++i) array.data.get()[i] = std::byte(i % 13);
  const Array swapped = to_native(array);
  CHECK(swapped.type.is_native());
  CHECK(swapped.type == type.native());
  const std::vector<std::uint8_t> expected = {0, 2, 1, 3, 4, 6, 5, 7, 8, 12, 11, 10, 9};
  for (std::size_t i = 0; i < array.nbytes(); ++i) {
    CHECK(swapped.data.get()[i] == std::byte{expected[i % 13]});
  }
}

TEST_CASE("Foreign fields that overlap are left alone") {
  const dtype type = dtype::structure({{"a", ">i4", 0}, {"b", ">i2", 2}}, 4);
  const Array array = zeros(type, {2}, Order::C);
  CHECK(to_native(array).data == array.data);
  CHECK(to_native(array).type == type);
}

TEST_CASE("Foreign elements without bytes are made native") {
  CHECK(to_native(zeros(">U0", {1'000'000'000'000}, Order::C)).type == "U0");
  CHECK(to_native(zeros(">f8", {0}, Order::C)).type == "f8");
}
