#include "joblib/numpy/dtype.hpp"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "joblib/core/error.hpp"

using joblib::dtype;
using joblib::Error;
using Kind = joblib::dtype::Kind;

namespace {

struct Scalar {
  const char* text;
  const char* str;
  const char* name;
  const char* repr;
  std::size_t itemsize;
  std::size_t alignment;
  char order;
};

// What numpy 1.24 says on a little-endian machine.
constexpr Scalar scalars[] = {
    // clang-format off
    {"bool", "|b1", "bool", "dtype('bool')", 1, 1, '|'},
    {"?", "|b1", "bool", "dtype('bool')", 1, 1, '|'},
    {"int8", "|i1", "int8", "dtype('int8')", 1, 1, '|'},
    {"b", "|i1", "int8", "dtype('int8')", 1, 1, '|'},
    {"|i1", "|i1", "int8", "dtype('int8')", 1, 1, '|'},
    {"uint8", "|u1", "uint8", "dtype('uint8')", 1, 1, '|'},
    {"B", "|u1", "uint8", "dtype('uint8')", 1, 1, '|'},
    {"int16", "<i2", "int16", "dtype('int16')", 2, 2, '<'},
    {"h", "<i2", "int16", "dtype('int16')", 2, 2, '<'},
    {"<i2", "<i2", "int16", "dtype('int16')", 2, 2, '<'},
    {">i2", ">i2", "int16", "dtype('>i2')", 2, 2, '>'},
    {"uint16", "<u2", "uint16", "dtype('uint16')", 2, 2, '<'},
    {"=u2", "<u2", "uint16", "dtype('uint16')", 2, 2, '<'},
    {"int32", "<i4", "int32", "dtype('int32')", 4, 4, '<'},
    {"i", "<i4", "int32", "dtype('int32')", 4, 4, '<'},
    {">i4", ">i4", "int32", "dtype('>i4')", 4, 4, '>'},
    {"uint32", "<u4", "uint32", "dtype('uint32')", 4, 4, '<'},
    {"int64", "<i8", "int64", "dtype('int64')", 8, 8, '<'},
    {"l", "<i8", "int64", "dtype('int64')", 8, 8, '<'},
    {"|i8", "<i8", "int64", "dtype('int64')", 8, 8, '<'},
    {">u8", ">u8", "uint64", "dtype('>u8')", 8, 8, '>'},
    {"float16", "<f2", "float16", "dtype('float16')", 2, 2, '<'},
    {"e", "<f2", "float16", "dtype('float16')", 2, 2, '<'},
    {">f2", ">f2", "float16", "dtype('>f2')", 2, 2, '>'},
    {"float32", "<f4", "float32", "dtype('float32')", 4, 4, '<'},
    {"f", "<f4", "float32", "dtype('float32')", 4, 4, '<'},
    {"float64", "<f8", "float64", "dtype('float64')", 8, 8, '<'},
    {"d", "<f8", "float64", "dtype('float64')", 8, 8, '<'},
    {">f8", ">f8", "float64", "dtype('>f8')", 8, 8, '>'},
    {"longdouble", "<f16", "float128", "dtype('float128')", 16, 16, '<'},
    {">f16", ">f16", "float128", "dtype('>f16')", 16, 16, '>'},
    {"complex64", "<c8", "complex64", "dtype('complex64')", 8, 4, '<'},
    {">c8", ">c8", "complex64", "dtype('>c8')", 8, 4, '>'},
    {"complex128", "<c16", "complex128", "dtype('complex128')", 16, 8, '<'},
    {"D", "<c16", "complex128", "dtype('complex128')", 16, 8, '<'},
    {"clongdouble", "<c32", "complex256", "dtype('complex256')", 32, 16, '<'},
    {"O", "|O", "object", "dtype('O')", 8, 8, '|'},
    {"O8", "|O", "object", "dtype('O')", 8, 8, '|'},
    {"object", "|O", "object", "dtype('O')", 8, 8, '|'},
    {"S", "|S0", "bytes", "dtype('S')", 0, 1, '|'},
    {"S5", "|S5", "bytes40", "dtype('S5')", 5, 1, '|'},
    {"|S0", "|S0", "bytes", "dtype('S')", 0, 1, '|'},
    {"bytes", "|S0", "bytes", "dtype('S')", 0, 1, '|'},
    {"<U3", "<U3", "str96", "dtype('<U3')", 12, 4, '<'},
    {">U3", ">U3", "str96", "dtype('>U3')", 12, 4, '>'},
    {"U", "<U0", "str", "dtype('<U')", 0, 4, '<'},
    {"str", "<U0", "str", "dtype('<U')", 0, 4, '<'},
    {"V", "|V0", "void", "dtype('V')", 0, 1, '|'},
    {"V3", "|V3", "void24", "dtype('V3')", 3, 1, '|'},
    {">V5", "|V5", "void40", "dtype('V5')", 5, 1, '|'},
    {"void", "|V0", "void", "dtype('V')", 0, 1, '|'},
    {"M8", "<M8", "datetime64", "dtype('<M8')", 8, 8, '<'},
    {"M8[ns]", "<M8[ns]", "datetime64[ns]", "dtype('<M8[ns]')", 8, 8, '<'},
    {">M8[us]", ">M8[us]", "datetime64[us]", "dtype('>M8[us]')", 8, 8, '>'},
    {"datetime64[7D]", "<M8[7D]", "datetime64[7D]", "dtype('<M8[7D]')", 8, 8, '<'},
    {"m8[25s]", "<m8[25s]", "timedelta64[25s]", "dtype('<m8[25s]')", 8, 8, '<'},
    {"<m8[h]", "<m8[h]", "timedelta64[h]", "dtype('<m8[h]')", 8, 8, '<'},
    {"timedelta64", "<m8", "timedelta64", "dtype('<m8')", 8, 8, '<'},
    {"M8[generic]", "<M8", "datetime64", "dtype('<M8')", 8, 8, '<'},
    {"M", "<M8", "datetime64", "dtype('<M8')", 8, 8, '<'},
    {"int", "<i8", "int64", "dtype('int64')", 8, 8, '<'},
    {"float", "<f8", "float64", "dtype('float64')", 8, 8, '<'},
    {"complex", "<c16", "complex128", "dtype('complex128')", 16, 8, '<'},
    {"intp", "<i8", "int64", "dtype('int64')", 8, 8, '<'},
    {"double", "<f8", "float64", "dtype('float64')", 8, 8, '<'},
    // clang-format on
};

dtype point(const char* x, const char* y) {
  return dtype::structure({{"x", x, 0}, {"y", y, dtype(x).itemsize()}},
                          dtype(x).itemsize() + dtype(y).itemsize());
}

}  // namespace

TEST_CASE("A dtype is read and written as numpy does") {
  for (const Scalar& expected : scalars) {
    CAPTURE(expected.text);
    const dtype type = expected.text;
    CHECK(type.str() == expected.str);
    CHECK(type.name() == expected.name);
    CHECK(type.repr() == expected.repr);
    CHECK(type.itemsize() == expected.itemsize);
    CHECK(type.alignment() == expected.alignment);
    CHECK(type.byte_order() == expected.order);
    CHECK(type.is_native() == (expected.order != '>'));
    CHECK(type == dtype(type.str()));
    CHECK(type.has_objects() == (type.kind() == Kind::object));
    CHECK(type.fields().empty());
    CHECK(type.sub_array() == nullptr);
  }
}

TEST_CASE("Other text is no dtype") {
  const std::string text =
      GENERATE(as<std::string>(), "", "<", "f12", "i3", "bytes40", "str96", "void8", " i4", "i4 ",
               "i 4", "?1", "float64 ", ">float64", "string", "f8,f8", "3f8", "S-1", "S+1",
               "S3000000000", "U1000000000", "m8[3]", "M8[0s]", "M8[-1s]", "M8[]", "M8[ s]", "M8[s",
               "M8s]", "M8[parsec]", "M8[99999999999s]", "f8[s]", "S5[s]", "<<f8", "[s]");
  CAPTURE(text);
  CHECK_THROWS_AS(dtype(text), Error);
}

TEST_CASE("A datetime has a unit") {
  CHECK(dtype("M8[25s]").time_unit() == dtype::TimeUnit{"s", 25});
  CHECK(dtype("m8").time_unit() == dtype::TimeUnit{"generic", 1});
  CHECK(dtype("M8[s]") != dtype("M8[1000ms]"));
}

TEST_CASE("C++ types have dtypes") {
  CHECK(dtype::of<bool>() == "?");
  CHECK(dtype::of<char>().itemsize() == 1);
  CHECK(dtype::of<std::byte>() == "u1");
  CHECK(dtype::of<std::int8_t>() == "i1");
  CHECK(dtype::of<std::int16_t>() == "i2");
  CHECK(dtype::of<long>() == "i8");
  CHECK(dtype::of<long long>() == "i8");
  CHECK(dtype::of<std::uint32_t>() == "u4");
  CHECK(dtype::of<char32_t>() == "u4");
  CHECK(dtype::of<float>() == "f4");
  CHECK(dtype::of<double>() == dtype());
  CHECK(dtype::of<long double>() == "longdouble");
  CHECK(dtype::of<std::complex<float>>() == "c8");
  CHECK(dtype::of<std::complex<long double>>() == "clongdouble");
  CHECK(dtype::of<std::uint64_t>().alignment() == 8);
}

TEST_CASE("Structures are written as numpy does") {
  const auto check = [](const dtype& type, const char* str, const char* name, const char* repr) {
    CHECK(type.str() == str);
    CHECK(type.name() == name);
    CHECK(type.repr() == repr);
    CHECK(type.kind() == Kind::raw);
    CHECK(type.byte_order() == '|');
  };
  using D = dtype;
  check(D::structure({{"a", "f8", 0}, {"b", D::sub_array(">i4", {2}), 8}, {"c", "S3", 16}}, 19),
        "|V19", "void152", "dtype([('a', '<f8'), ('b', '>i4', (2,)), ('c', 'S3')])");
  check(D::structure({}, 0), "|V0", "void", "dtype([])");
  check(D::structure({}, 5), "|V5", "void40",
        "dtype({'names': [], 'formats': [], 'offsets': [], 'itemsize': 5})");
  const D aligned = D::structure({{"c", "i1", 0}, {"d", "i8", 8}}, 16, 8, true);
  check(aligned, "|V16", "void128", "dtype([('c', 'i1'), ('d', '<i8')], align=True)");
  check(
      D::structure({{"c", "i1", 0}, {"d", "i8", 8}}, 16), "|V16", "void128",
      "dtype({'names': ['c', 'd'], 'formats': ['i1', '<i8'], 'offsets': [0, 8], 'itemsize': 16})");
  check(D::structure({{"p", aligned, 0}, {"e", "V2", 16}}, 18), "|V18", "void144",
        "dtype([('p', [('c', 'i1'), ('d', '<i8')]), ('e', 'V2')])");
  check(
      D::structure({{"a", "i4", 0}, {"b", "i2", 2}}, 4), "|V4", "void32",
      "dtype({'names': ['a', 'b'], 'formats': ['<i4', '<i2'], 'offsets': [0, 2], 'itemsize': 4})");
  check(
      D::structure({{"a", "i4", 4}, {"b", ">i2", 0}}, 8), "|V8", "void64",
      "dtype({'names': ['a', 'b'], 'formats': ['<i4', '>i2'], 'offsets': [4, 0], 'itemsize': 8})");
  check(D::structure({{"n", "M8[s]", 0, "title"}, {"m", "O", 8}}, 16), "|V16", "void128",
        "dtype([(('title', 'n'), '<M8[s]'), ('m', 'O')])");
  check(D::structure({{"n", "i4", 0, "t"}, {"m", "?", 8}}, 9), "|V9", "void72",
        "dtype({'names': ['n', 'm'], 'formats': ['<i4', '?'], 'offsets': [0, 8], "
        "'titles': ['t', None], 'itemsize': 9})");
  check(D::structure({{"p", point("f4", ">f4"), 0}, {"t", "U2", 8}}, 16), "|V16", "void128",
        "dtype([('p', [('x', '<f4'), ('y', '>f4')]), ('t', '<U2')])");
  check(D::structure({{"q", "i2", 0}}, 2).as_record(true), "|V2", "record16",
        "dtype((numpy.record, [('q', '<i2')]))");
  const D record = D::structure({{"q", ">i2", 0}}, 2).as_record(true);
  check(D::structure({{"r", D::sub_array(record, {2, 3}), 0}}, 12), "|V12", "void96",
        "dtype([('r', (numpy.record, [('q', '>i2')]), (2, 3))])");
  check(D::sub_array(">f8", {2}), "|V16", "void128", "dtype(('>f8', (2,)))");
  check(D::sub_array(D::sub_array("f8", {2}), {3}), "|V48", "void384",
        "dtype((('<f8', (2,)), (3,)))");
  check(D::sub_array(D::structure({{"a", "?", 0}}, 1), {4}), "|V4", "void32",
        "dtype(([('a', '?')], (4,)))");
  check(D::structure({{"it's", "f8", 0}, {"say \"it's\"\n\\", "u1", 8}, {"\u00e9", "?", 9}}, 10),
        "|V10", "void80",
        "dtype([(\"it's\", '<f8'), ('say \"it\\'s\"\\n\\\\', 'u1'), ('\u00e9', '?')])");
}

TEST_CASE("A sub-array has the alignment of its elements") {
  const dtype type = dtype::sub_array(">f8", {2, 3});
  CHECK(type.itemsize() == 48);
  CHECK(type.alignment() == 8);
  CHECK_FALSE(type.is_native());
  REQUIRE(type.sub_array() != nullptr);
  CHECK(type.sub_array()->element == ">f8");
  CHECK(type.sub_array()->shape == std::vector<std::size_t>{2, 3});
  CHECK(dtype::sub_array("f8", {}) == "f8");
  CHECK(dtype::sub_array("f8", {0, 3}).itemsize() == 0);
}

TEST_CASE("A structure knows its parts") {
  const dtype type = dtype::structure({{"a", point("f4", ">f4"), 0}, {"b", "O", 8}}, 16, 8, true);
  REQUIRE(type.fields().size() == 2);
  CHECK(type.fields()[1] == dtype::Field{"b", "O", 8});
  CHECK(type.has_objects());
  CHECK_FALSE(type.is_native());
  CHECK(type.is_aligned());
  CHECK(type.alignment() == 8);
  CHECK_FALSE(type.is_record());
}

TEST_CASE("Byte orders are reversed in all parts") {
  const dtype type = dtype::structure(
      {{"p", point("f4", ">f4"), 0}, {"t", dtype::sub_array(">U2", {3}), 8}, {"s", "S1", 32}}, 33);
  CHECK(type.byte_swapped().repr() ==
        "dtype([('p', [('x', '>f4'), ('y', '<f4')]), ('t', '<U2', (3,)), ('s', 'S1')])");
  CHECK(type.byte_swapped().byte_swapped() == type);
  CHECK(type.native().repr() ==
        "dtype([('p', [('x', '<f4'), ('y', '<f4')]), ('t', '<U2', (3,)), ('s', 'S1')])");
  CHECK(type.native().is_native());
  CHECK(dtype(">f8").native() == dtype());
  CHECK(dtype("S4").byte_swapped() == "S4");
}

TEST_CASE("dtypes are equal where names, titles and places are") {
  const dtype type = point("f4", "i4");
  CHECK(type == point("f4", "i4"));
  CHECK(type == type.as_record(true));
  CHECK(type == dtype::structure({{"x", "f4", 0}, {"y", "i4", 4}}, 8, 4, true));
  CHECK(type != point("f4", ">i4"));
  CHECK(type != dtype::structure({{"x", "f4", 0}, {"z", "i4", 4}}, 8));
  CHECK(type != dtype::structure({{"x", "f4", 0, "t"}, {"y", "i4", 4}}, 8));
  CHECK(type != dtype::structure({{"x", "f4", 0}, {"y", "i4", 4}}, 9));
  CHECK(type != "V8");
  CHECK(dtype::sub_array("f8", {2}) != dtype::sub_array("f8", {2, 1}));
  CHECK(dtype("i4") != dtype("u4"));
}

TEST_CASE("Impossible structures are refused") {
  CHECK_THROWS_AS(dtype::structure({{"a", "f8", 1}}, 8), Error);
  CHECK_THROWS_AS(dtype::structure({{"a", "f8", SIZE_MAX}}, 16), Error);
  CHECK_THROWS_AS(dtype::structure({{"a", "f8", 0}}, 4), Error);
  CHECK_THROWS_AS(dtype::structure({{"a", "f8", 0}, {"a", "f8", 0}}, 8), Error);
  CHECK_THROWS_AS(dtype::structure({{"a", "f8", 0, "b"}, {"b", "f8", 0}}, 8), Error);
  CHECK_THROWS_AS(dtype::structure({}, 1, 3), Error);
  CHECK_THROWS_AS(dtype::structure({}, 1, 0), Error);
  CHECK_THROWS_AS(dtype::structure({}, SIZE_MAX), Error);
  CHECK_THROWS_AS(dtype::sub_array("f8", {SIZE_MAX}), Error);
  CHECK_THROWS_AS(dtype::sub_array("f8", {1U << 20, 1U << 20}), Error);
}

TEST_CASE("Types that are nested without end are refused") {
  dtype deep = "f8";
  const auto nest = [&] {
    for (int i = 0; i < 100; ++i) deep = dtype::structure({{"a", deep, 0}}, 8);
  };
  CHECK_THROWS_AS(nest(), Error);
  CHECK(deep.repr().size() > 60);

  dtype sub = "f8";
  const auto nest_sub = [&] {
    for (int i = 0; i < 100; ++i) sub = dtype::sub_array(sub, {1});
  };
  CHECK_THROWS_AS(nest_sub(), Error);

  dtype wide = "u1";
  const auto widen = [&] {
    for (int i = 0; i < 60; ++i) wide = dtype::structure({{"a", wide, 0}, {"b", wide, 0}}, 1);
  };
  CHECK_THROWS_AS(widen(), Error);
}
