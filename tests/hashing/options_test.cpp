// HashOptions: the digests are those of Python's joblib for the value in the comment.

#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#ifdef JOBLIB_WITH_XXHASH
#include <xxhash.h>
#endif

#include "pickle/make.hpp"

#include "joblib/hash.hpp"

namespace joblib::test {

using namespace std::string_view_literals;

namespace {

std::string refusal(const HashOptions& options) {
  return error_of(errc::invalid_argument, [&] { hash(1, options); });
}

}  // namespace

TEST_CASE("SHA1 is Python's") {
  CHECK(hash(1, {.name = "sha1"}) == "1bc1abc7c87377db888627a6a38885ce2b40ddda");  // 1, sha1
  // np.array([1.5]), sha1
  CHECK(hash(std::vector{1.5}, {.name = "sha1"}) == "d6c379394affc63855a0ef286adf98ffc4d75ec0");
  using Key = std::variant<int, std::string>;  // digests of keys are MD5
  // {1, "a"}, sha1
  CHECK(hash(std::set<Key>{1, "a"}, {.name = "sha1"}) ==
        "1741044c37a25c9b5970fdfdcb330fca6efff441");
}

TEST_CASE("The types of arrays hash by the protocol of Python's pickle") {
  const std::vector<double> values{1.5};
  // np.array([1.5]), protocol 3
  CHECK(hash(values, {.dtype_protocol = 3}) == "1dbd8a8f8583657a7221f80779be55b5");
  // np.array([1.5])
  CHECK(hash(values, {.dtype_protocol = 4}) == "668178509f6dae679b06e284a3953e85");
  // np.array([1.5]), protocol 5
  CHECK(hash(values, {.dtype_protocol = 5}) == "2c6a9671963b78a77de1312cf3d28a59");
  CHECK(hash(1, {.dtype_protocol = 3}) == hash(1));
}

TEST_CASE("Numpy 2 has other names of modules and other flags of types") {
  // np.longdouble(2), numpy 2
  CHECK(hash(2.0L, {.numpy_version = 2}) == "489c982ca393a61a40252d2e30f6334a");
  CHECK(hash(loads(dumps(2.0L)), {.numpy_version = 2}) == hash(2.0L, {.numpy_version = 2}));
  CHECK(hash(std::vector{1.5}, {.numpy_version = 2}) == hash(std::vector{1.5}));
  // numpy.dtype([('a', 'i1'), ('b', '<i4')], align=True)
  const std::string_view pickle =
      "cnumpy\ndtype\nq\0X\2\0\0\0V8\x89\x88\x87R(K\3X\1\0\0\0|NX\1\0\0\0aX\1\0\0\0b\x86}("
      "X\1\0\0\0a"
      "h\0X\2\0\0\0i1\x89\x88\x87R(K\3X\1\0\0\0|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbK\0\x86"
      "X\1\0\0\0bh\0X\2\0\0\0i4\x89\x88\x87R(K\3X\1\0\0\0<"
      "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbK\4\x86u"
      "K\10K\4K\x90tb."sv;
  const Object aligned = loads(pickle);
  // np.dtype([("a", "i1"), ("b", "<i4")], align=True)
  CHECK(hash(aligned) == "fc8582cfa19a188a62ffea539fa81cf3");
  // np.dtype([("a", "i1"), ("b", "<i4")], align=True), numpy 2
  CHECK(hash(aligned, {.numpy_version = 2}) == "99933016976a12f6680c944791e4ff41");
}

TEST_CASE("Options that mean nothing are errors that say what is possible") {
  CHECK(refusal({.name = "sha256"}) ==
        "Valid options for 'name' are ('md5', 'sha1', 'xxh3'). Got name='sha256' instead.");
  CHECK(refusal({.dtype_protocol = 2}) == "dtype_protocol must be 3, 4 or 5, got: 2");
  CHECK(refusal({.dtype_protocol = 6}) == "dtype_protocol must be 3, 4 or 5, got: 6");
  CHECK(refusal({.numpy_version = 0}) == "numpy_version must be 1 or 2, got: 0");
  CHECK(refusal({.numpy_version = 3}) == "numpy_version must be 1 or 2, got: 3");
}

#ifdef JOBLIB_WITH_XXHASH
TEST_CASE("XXH3 is libxxhash's over the same bytes") {
  const auto xxh3 = [](std::string_view text) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(text.data(), text.size()));
    std::string digits;
    for (const unsigned char byte : canonical.digest) {
      constexpr std::string_view hexadecimal = "0123456789abcdef";
      (digits += hexadecimal[byte >> 4]) += hexadecimal[byte & 15];
    }
    return digits;
  };
  CHECK(hash(1, {.name = "xxh3"}) == xxh3("\x80\3K\1."sv));
  CHECK(hash("ab", {.name = "xxh3"}) == xxh3("\x80\3X\2\0\0\0ab."sv));
  CHECK(hash(std::vector<double>(1000), {.name = "xxh3"}) !=
        hash(std::vector<double>(1001), {.name = "xxh3"}));
}
#else
TEST_CASE("A build without libxxhash says what to do") {
  CHECK(error_of(errc::unsupported, [] { hash(1, {.name = "xxh3"}); }) ==
        "This build of joblib has no hash 'xxh3': install libxxhash and build joblib with "
        "-DJOBLIB_WITH_XXHASH=ON.");
}
#endif

}  // namespace joblib::test
