// tests/data/hashing/vectors.json: values, and what Python's joblib hashes them to.

#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "joblib/hash.hpp"
#include "joblib/persistence.hpp"

namespace joblib::test {
namespace {

namespace json = boost::json;

const json::array& all_vectors() {
  static const json::array vectors = [] {
    std::ifstream file(JOBLIB_TEST_DATA "/hashing/vectors.json");
    std::ostringstream text;
    text << file.rdbuf();
    return json::parse(text.str()).as_array();
  }();
  return vectors;
}

std::string text(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

std::vector<std::byte> from_base64(std::string_view text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::byte> bytes;
  for (; !text.empty(); text.remove_prefix(4)) {
    std::size_t bits = 0;
    for (const char digit : text.substr(0, 4)) bits = bits << 6 | (digits.find(digit) & 63);
    for (std::size_t i = 0; i < 3; ++i) {
      if (text[i + 1] != '=') bytes.push_back(static_cast<std::byte>(bits >> (16 - 8 * i)));
    }
  }
  return bytes;
}

// Python's joblib forgets the items of these.
const std::set<std::string> mixed_keys{"collections.OrderedDict([(1, 'a'), ('b', 2)])",
                                       "collections.OrderedDict([(1, 'zzz'), ('c', 3)])"};

// numpy gives this one another stride than usual, for its axis of length 1, and loading it the
// usual one.
const std::map<std::string, std::string> of_usual_strides{
    {"np.matrix([[1, 2]], dtype='<i8')", "ed88a3f19fcca28ba0b68c5d10628bb9"}};

// An array with gaps between its elements.
std::string hash_of_strided(const json::object& strided, const std::vector<std::byte>& memory,
                            const HashOptions& options) {
  auto owner = std::make_shared<std::vector<std::byte>>(memory);
  auto* const first = owner->data() + strided.at("offset").to_number<std::size_t>();
  detail::HashWriter writer(options);
  writer.array({.type = dtype(text(strided, "dtype")),
                .shape = json::value_to<std::vector<std::size_t>>(strided.at("shape")),
                .strides = json::value_to<std::vector<std::ptrdiff_t>>(strided.at("strides")),
                .data = std::shared_ptr<std::byte>(owner, first)});
  return writer.hexdigest();
}

std::string hash_of(const json::object& vector, const std::string& name) {
  const HashOptions options{
      .name = name,
      .coerce_mmap = vector.contains("coerce_mmap") && vector.at("coerce_mmap").as_bool()};
  const std::vector<std::byte> file = from_base64(text(vector, "pickle"));
  const Object value = loads(file, {.ensure_native_byte_order = false});
  if (vector.contains("strided")) {
    return hash_of_strided(vector.at("strided").as_object(), value.as<std::vector<std::byte>>(),
                           options);
  }
  if (!vector.contains("coerce_mmap")) return hash(value, options);
  const joblib_test::TemporaryFolder folder;
  dump(value, folder / "mapped");
  return hash(load(folder / "mapped", {.mmap_mode = MmapMode::r}), options);
}

}  // namespace

TEST_CASE("Values of Python hash as Python hashes them") {
  CHECK(all_vectors().size() == 283);
  for (const json::value& each : all_vectors()) {
    const json::object& vector = each.as_object();
    const std::string expression = text(vector, "expr");
    INFO(expression);
    const std::string md5 = hash_of(vector, "md5");
    const std::string sha1 = hash_of(vector, "sha1");
    if (mixed_keys.contains(expression)) {
      CHECK(md5 != text(vector, "md5"));
      CHECK(sha1 != text(vector, "sha1"));
    } else if (const auto usual = of_usual_strides.find(expression);
               usual != of_usual_strides.end()) {
      CHECK(md5 == usual->second);
    } else {
      CHECK(md5 == text(vector, "md5"));
      CHECK(sha1 == text(vector, "sha1"));
    }
  }
}

TEST_CASE("Ordered dicts with keys of several types hash by their items") {
  std::set<std::string> digests;
  for (const json::value& each : all_vectors()) {
    const json::object& vector = each.as_object();
    if (text(vector, "expr").starts_with("collections.OrderedDict("))
      digests.insert(hash_of(vector, "md5"));
  }
  CHECK(digests.size() == 4);  // empty, {a, b} in two orders, and the two mixed ones
}

}  // namespace joblib::test
