// Arrays of C++: joblib's own, and rows of numbers.

#include <list>

#include <unistd.h>
#include <complex>
#include <cstdint>

#include "make.hpp"

namespace joblib::test {

TEMPLATE_TEST_CASE("Rows of any element type come back", "", bool, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t,
                   std::uint64_t, float, double, long double, std::complex<float>,
                   std::complex<double>, std::complex<long double>, char32_t) {
  std::vector<TestType> values;
  for (std::int8_t i = 0; i < 100; ++i) values.emplace_back(static_cast<TestType>(i));
  CHECK(round_trip(values) == values);
  CHECK(round_trip(std::vector<TestType>()).empty());
}

TEST_CASE("Fortran order is kept") {
  const ndarray<int> columns({2, 3}, Order::F);
  columns(1, 0) = 4;
  const auto loaded = loads<ndarray<int>>(dumps(columns));
  CHECK(loaded.is_contiguous(Order::F));
  CHECK(!loaded.is_contiguous(Order::C));
  CHECK(loaded(1, 0) == 4);
}

TEST_CASE("Views with strides are written in C order") {
  const ndarray<int> whole = ndarray<int>::adopt({0, 1, 2, 3, 4, 5, 6, 7});
  const auto backwards = ndarray<const int>::adopt(
      std::shared_ptr<const int>(std::make_shared<ndarray<int>>(whole), whole.data() + 7), {2, 2},
      {-4, -1});
  const auto loaded = loads<ndarray<const int>>(dumps(backwards));
  CHECK(loaded == backwards);
  CHECK(loaded.is_contiguous(Order::C));
  CHECK(loaded(1, 1) == 2);
  CHECK(loads<std::vector<int>>(dumps(ndarray<int>(whole).reshape({8}))).back() == 7);
}

TEST_CASE("Arrays of any order and byte order are read") {
  const bytes big_endian(std::string_view("\0\1\0\2\0\3\0\4", 8));
  const auto rows = numpy_array(">i2", big_endian, {2, 2}).as<ndarray<const std::int16_t>>();
  CHECK(rows(0, 1) == 2);
  const auto columns = numpy_array(">i2", big_endian, {2, 2}, "F").as<ndarray<std::int64_t>>();
  CHECK(columns(0, 1) == 3);
  CHECK(columns.is_contiguous(Order::F));
  CHECK(numpy_array(">i2", big_endian, {4}).as<ndarray<std::int8_t>>()(3) == 4);
  const bytes large(std::string_view("\0\1\1\0", 4));
  CHECK(mismatch<ndarray<std::int8_t>>(numpy_array(">i2", large, {2}))
            .starts_with("expected an array of int8, found one of int16"));
}

TEST_CASE("An Object shares its elements with arrays that can't be written") {
  const Object object(std::vector<double>{1, 2, 3});
  const auto first = object.as<ndarray<const double>>();
  const auto second = object.as<ndarray<const double>>();
  CHECK(first.data() == second.data());
  const auto own = object.as<ndarray<double>>();
  own(0) = 7;
  CHECK(first(0) == 1);
}

TEST_CASE("An Object has elements of its own") {
  std::vector<double> values{1, 2, 3};
  const Object object(values);
  const Object part = Object(std::vector<std::vector<double>>{{4, 5}})[0];
  values[0] = 7;
  CHECK(object.as<std::vector<double>>() == std::vector<double>{1, 2, 3});
  CHECK(part.as<std::vector<double>>() == std::vector<double>{4, 5});
  const auto array = ndarray<double>::adopt({1, 2});
  const Object of_array(array);
  array(0) = 7;
  CHECK(of_array.as<std::vector<double>>() == std::vector<double>{1, 2});
  CHECK(Object(0.1L).as<long double>() == 0.1L);
}

TEST_CASE("Arrays without elements or axes come back") {
  CHECK(round_trip(ndarray<double>({0, 3})).shape()[1] == 3);
  CHECK(round_trip(ndarray<double>(std::vector<std::size_t>())).ndim() == 0);
  CHECK(in_python(ndarray<int>(std::vector<std::size_t>())).as<int>() == 0);
  CHECK(in_python(ndarray<double>({3, 0})).as<std::vector<std::vector<double>>>().size() == 3);
}

TEST_CASE("Arrays are aligned in files as it is asked for") {
  const std::size_t alignment = GENERATE(1, 2, 16, 64, 128);
  CAPTURE(alignment);
  const std::uint64_t marker = 0x1122334455667788;
  for (std::size_t length = 0; length < 40; ++length) {
    const std::pair value(std::string(length, 'x'), std::vector{marker});
    const bytes dumped = dumps(value, {.alignment = alignment});
    const auto found = dumped.view().find(std::string_view("\x88\x77\x66\x55\x44\x33\x22\x11"));
    CHECK(found % alignment == 0);
    CHECK(loads<std::pair<std::string, std::vector<std::uint64_t>>>(dumped) == value);
  }
}

TEST_CASE("Foreign byte orders are kept where that is asked for") {
  const bool large = GENERATE(false, true);  // large arrays are read late
  const std::size_t size = large ? 100'000 : 2;
  bytes elements(2 * size);
  elements[1] = std::byte{5};
  const Object foreign = numpy_array(">i2", elements, {size});
  const auto file =
      std::filesystem::temp_directory_path() / ("joblib-byte-order-" + std::to_string(::getpid()));
  dump(foreign, file);
  CHECK(load(file).dtype().str() == "<i2");
  const Object kept = load(file, {.ensure_native_byte_order = false});
  CHECK(kept.dtype().str() == ">i2");
  CHECK(kept.as<std::vector<int>>()[0] == 5);
  CHECK(load<std::vector<int>>(file, {.ensure_native_byte_order = false})[0] == 5);
  CHECK(kept == foreign);
  std::filesystem::remove(file);
}

}  // namespace joblib::test
