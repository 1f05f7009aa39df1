// Arrays: the digests are those of Python's joblib for the value in the comment.

#include <cstdint>
#include <list>
#include <map>
#include <span>
#include <vector>

#include "io/temporary_folder.hpp"
#include "numpy/make_array.hpp"
#include "pickle/make.hpp"

#include "joblib/hash.hpp"

namespace joblib::test {

using namespace std::string_view_literals;

TEST_CASE("An ndarray hashes with its order") {
  // np.arange(6.0).reshape(2, 3)
  CHECK(hash(ndarray<double>(counted<double>({2, 3}))) == "791c19e35b58940061dff8ed2f7993f9");
  CHECK(hash(ndarray<double>(transposed(counted<double>({3, 2})))) ==
        "bd6ac056755fa06b0a86861f39c2d825");  // np.arange(6.0).reshape(3, 2).T
  // np.zeros((2, 3), "i2", order="F")
  CHECK(hash(ndarray<std::int16_t>({2, 3}, Order::F)) == "9456363661b79ed83781b0841ac7a054");
  // np.zeros((), "i4")
  CHECK(hash(ndarray<int>(std::vector<std::size_t>{})) == "0c5061f94611dc9d67383a1cee3de2b4");
  CHECK(hash(ndarray<double>({0, 3})) == "3075c9c9fa6a58f3a4908fbb4770ad75");  // np.zeros((0, 3))
  CHECK(hash(ndarray<double>({0})) == "62886311422dcdbf5173f7eb8216b1fc");     // np.zeros(0)
}

TEST_CASE("An ndarray with gaps hashes by its elements and strides") {
  // np.arange(6.0)[::2]
  CHECK(hash(ndarray<double>(sliced(counted<double>({6}), 0, 2))) ==
        "7988c79b17b580f706da46b27a26b286");
  // np.arange(6.0)[::-1]
  CHECK(hash(ndarray<double>(sliced(counted<double>({6}), 0, -1))) ==
        "c549cf5eecbe9ffe8633ac22bdc596d1");
  CHECK(hash(ndarray<float>(sliced(transposed(counted<float>({4, 4})), 1, -2))) ==
        "3f01f6cb52220d1f44b4bab998a9ec3a");  // np.arange(16, dtype="f4").reshape(4, 4).T[:, ::-2]
  // More than the 256 KiB that are collected before they are hashed.
  CHECK(hash(ndarray<double>(sliced(counted<double>({2, 100'000}), 1, 2))) ==
        "706a285e929a1901cdd6ec04a54159eb");  // np.arange(200000.0).reshape(2, -1)[:, ::2]
}

TEST_CASE("A view without gaps hashes as a copy") {
  const std::vector<double> values{1, 2, 3, 4};
  CHECK(hash(std::span(values).first(2)) == hash(std::vector<double>{1, 2}));
  const ndarray<double> array(counted<double>({4, 3}));
  const Object rows(array);
  CHECK(hash(rows[1]) == "64dd999217297eecb727f208748eb278");  // np.array([3.0, 4.0, 5.0])
  detail::Array one_row = counted<double>({1, 3});
  one_row.strides[0] = 1000;  // of an axis of length 1
  // np.arange(3.0).reshape(1, 3)
  CHECK(hash(ndarray<double>(one_row)) == "2eba1ad8d02de8976ed2bddd4739f7fc");
}

TEST_CASE("A mapped array hashes as a memmap, or as an array") {
  const joblib_test::TemporaryFolder folder;
  const ndarray<double> array(counted<double>({3}));
  dump(array, folder / "mapped");
  const auto mapped = load<ndarray<const double>>(folder / "mapped", {.mmap_mode = MmapMode::r});
  REQUIRE(mapped.mapped());
  CHECK(hash(mapped) == "6070a3dccc0a26aa49ddf132366ecd5d");  // np.memmap of np.arange(3.0)
  CHECK(hash(mapped, {.coerce_mmap = true}) == hash(array));
  CHECK(hash(mapped.copy()) == hash(array));
  const Object object = load(folder / "mapped", {.mmap_mode = MmapMode::r});
  CHECK(hash(object) == hash(mapped));
  CHECK(hash(object, {.coerce_mmap = true}) == hash(array));
}

TEST_CASE("Arrays show no identity") {
  const ndarray<double> array(counted<double>({3}));
  CHECK(hash(std::list{array, array}) == hash(std::list{array, array.copy()}));
}

TEST_CASE("Arrays of the other byte order hash as they are, or as they are loaded") {
  const Object swapped = numpy_array(">i4", bytes_of<std::uint32_t>({0, 0x01000000}), {2});
  CHECK(hash(swapped) == "9d880208fc3ab7c230dfc7b332e27813");  // np.array([0, 1], ">i4")
  const bytes file = dumps(swapped);
  CHECK(hash(loads(file, {.ensure_native_byte_order = false})) == hash(swapped));
  CHECK(hash(loads(file)) == "f4741147393f083bf495a89d781f4c6b");  // np.array([0, 1], "<i4")
}

TEST_CASE("Arrays of objects hash by their elements") {
  // numpy.array([1, 'a', None], dtype=object), as numpy pickles it
  const std::string_view pickle =
      "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
      "C\1b\x87R(K\1K\3\x85"
      "cnumpy\ndtype\nX\2\0\0\0O8\x89\x88\x87R(K\3X\1\0\0\0|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?"
      "tb"
      "\x89](K\1X\1\0\0\0aNetb."sv;
  // np.array([1, "a", None], dtype=object)
  CHECK(hash(loads(pickle)) == "1ef05042f5d4890ff47a35471ede0e5d");
}

TEST_CASE("Numpy's scalars and types hash as such") {
  // np.float64(2.0)
  CHECK(hash(numpy_scalar<double>("f8", 2.0)) == "9970f49b3564b3510a9973b29d658fe0");
  // np.int16(-3)
  CHECK(hash(numpy_scalar<std::int16_t>("i2", -3)) == "386570dd1c765034f05ef32f1fe41e3a");
  CHECK(hash(numpy_dtype("f4")) == "b5810adaf9f7892558635ef6e2efe630");  // np.dtype("f4")
  CHECK(hash(Object(std::list{numpy_dtype("f4"), numpy_dtype("f4")})) ==
        "ec727ccff986828962e0a0f8141c1987");  // [np.dtype("f4"), np.dtype("f4")]
}

TEST_CASE("The zeros behind numpy's text are no part of it") {
  const auto scalar = [](const char* type, std::string_view element) {
    return numpy_scalar(type, bytes(std::as_bytes(std::span(element))));
  };
  CHECK(hash(scalar("S3", "a\0\0"sv)) == "e2c7bb10c23e53f85296a2024b5e3a2d");  // np.bytes_(b"a")
  // np.str_("a")
  CHECK(hash(scalar("U2", "a\0\0\0\0\0\0\0"sv)) == "8e71cc13c0ca95b1052728b3abe2f90e");
  CHECK(hash(scalar("S1", "\0"sv)) == "e22be0b77b141bbccbba7f3d6e28e7c7");  // np.bytes_(b"")
}

TEST_CASE("Numpy's numbers and text are keys in the order of Python") {
  const auto text = [](std::string_view utf32) {
    return numpy_scalar("U1", bytes(std::as_bytes(std::span(utf32))));
  };
  const Object a = text("a\0\0\0"sv), b = text("b\0\0\0"sv);
  // {np.str_("b"): 1, np.str_("a"): 2}
  CHECK(hash(Object::dict({{b, Object(1)}, {a, Object(2)}})) == "165fff966cd73fce9f484d04ccedb3cc");
  CHECK(hash(Object::dict({{b, Object(1)}, {Object("a"), Object(2)}})) ==
        "03551924a3a58341136a13d10d214f16");  // {np.str_("b"): 1, "a": 2}
  const auto pair = [](std::int64_t left, int right) {
    return Object::tuple({numpy_scalar<std::int64_t>("i8", left), Object(right)});
  };
  CHECK(hash(Object::dict({{Object(std::pair(1, 9)), Object(1)}, {pair(1, 5), Object(2)}})) ==
        "df5a9eec0256191f84478318e3171523");  // {(1, 9): 1, (np.int64(1), 5): 2}
}

TEST_CASE("Numpy swaps arrays of the other byte order when it unpickles them") {
  // numpy.array([1], '>i2'), pickled with protocol 2 to 4
  const std::string_view pickle =
      "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
      "C\1b\x87R(K\1K\1\x85"
      "cnumpy\ndtype\nX\2\0\0\0i2\x89\x88\x87R(K\3X\1\0\0\0>"
      "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
      "\x89"
      "C\2\0\1tb."sv;
  // np.array([1], "<i2")
  CHECK(hash(loads(pickle, {.ensure_native_byte_order = false})) ==
        "917d4ecf747f7a4ec730f4b55206eec1");
}

}  // namespace joblib::test
