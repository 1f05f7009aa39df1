// Files that Python's joblib has written: tests/data/vectors, and what index.json says of them.

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "core/sink_guard.hpp"
#include "joblib/core/log.hpp"
#include "joblib/persistence.hpp"

namespace joblib::test {
namespace {

namespace json = boost::json;
using Type = Object::Type;

const std::filesystem::path folder = JOBLIB_TEST_DATA "/vectors";

const json::array& all_vectors() {
  static const json::array vectors = [] {
    std::ifstream file(folder / "index.json");
    std::ostringstream text;
    text << file.rdbuf();
    return json::parse(text.str()).as_array();
  }();
  return vectors;
}

std::string hex(std::string_view bytes) {
  std::ostringstream text;
  for (const char byte : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    text << digits[static_cast<unsigned char>(byte) >> 4] << digits[byte & 15];
  }
  return text.str();
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string text(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

// Compares the bytes with what is said under `<prefix>hex` or `<prefix>sha256`.
bool has_bytes(const json::object& expected, const std::string& prefix, std::string_view bytes) {
  if (const auto* digits = expected.if_contains(prefix + "hex"))
    return digits->as_string() == hex(bytes);
  return text(expected, prefix + "sha256") == sha256(bytes);
}

bool has_dtype(const json::value& expected, const dtype& type) {
  if (expected.is_string())
    return expected.as_string() == type.str() || expected.as_string() == type.str().substr(0, 3);
  const json::object& structure = expected.as_object();
  if (structure.at("itemsize").to_number<std::size_t>() != type.itemsize()) return false;
  const auto* const fields = structure.at("descr").if_array();
  if (fields == nullptr) return type.is_aligned() && type.fields().size() == 2;
  if (fields->size() != type.fields().size()) return false;
  for (std::size_t i = 0; i < fields->size(); ++i) {
    const json::array& field = fields->at(i).as_array();
    const dtype::Field& found = type.fields()[i];
    if (field[0].is_array()) {  // [title, name]
      if (field[0].at(0).as_string() != found.title || field[0].at(1).as_string() != found.name)
        return false;
    } else if (field[0].as_string() != found.name) {
      return false;
    }
    const dtype& element = found.type.sub_array() ? found.type.sub_array()->element : found.type;
    if (field[1].is_string() && field[1].as_string() != element.str()) return false;
    if (field[1].is_array() && field[1].as_array().size() != element.fields().size()) return false;
  }
  return true;
}

bool holds(const json::value& expected, const Object& found);

// The index has only the first items of long containers, and their number.
bool has_size(const json::object& expected, const Object& found) {
  const json::value* const size = expected.if_contains("len");
  return found.size() == (size != nullptr ? size->to_number<std::size_t>()
                                          : expected.at("items").as_array().size());
}

bool holds_all(const json::object& expected, const Object& found) {
  if (!has_size(expected, found)) return false;
  auto item = found.begin();
  return std::ranges::all_of(expected.at("items").as_array(),
                             [&](const json::value& each) { return holds(each, *item++); });
}

bool holds_entries(const json::object& container, const Object& found) {
  if (!has_size(container, found)) return false;
  const json::array& expected = container.at("items").as_array();
  const auto entries = found.items();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!holds(expected[i].at(0), entries[i].first) || !holds(expected[i].at(1), entries[i].second))
      return false;
  }
  return true;
}

bool holds_reprs(const json::object& expected, const Object& found) {
  std::multiset<std::string> wanted;
  for (const json::value& repr : expected.at("sorted_reprs").as_array())
    wanted.insert(std::string(repr.as_string()));
  std::multiset<std::string> got;
  for (const Object& item : found) got.insert(item.repr());
  return got == wanted;
}

bool holds_array(const json::object& expected, const Object& found) {
  if (found.type() != Type::array || !has_dtype(expected.at("dtype"), found.dtype())) return false;
  if (json::value_from(found.shape()) != expected.at("shape")) return false;
  if (expected.contains("items")) return found.dtype().has_objects() && holds_all(expected, found);
  return has_bytes(expected, "c_bytes_", found.tobytes().view());
}

bool holds(const json::value& value, const Object& found) {
  const json::object& expected = value.as_object();
  const std::string type = text(expected, "t");
  if (type == "none") return found.is_none();
  if (type == "bool")
    return found.type() == Type::boolean && found.as<bool>() == expected.at("v").as_bool();
  if (type == "int") return found.type() == Type::integer && found.repr() == text(expected, "v");
  if (type == "float") {
    const double number = std::strtod(text(expected, "hex").c_str(), nullptr);
    const double got = found.as<double>();
    return found.type() == Type::real && (got == number || (got != got && number != number));
  }
  if (type == "complex") {
    const auto got = found.as<std::complex<double>>();
    return got.real() == std::strtod(text(expected, "re").c_str(), nullptr) &&
           got.imag() == std::strtod(text(expected, "im").c_str(), nullptr);
  }
  if (type == "str") {
    const auto got = found.as<std::string>();
    return found.type() == Type::str &&
           has_bytes(expected, expected.contains("hex") ? "" : "utf8_", got);
  }
  if (type == "bytes" || type == "bytearray") {
    return found.class_name() == "builtins." + type &&
           has_bytes(expected, "", found.as<bytes>().view());
  }
  if (type == "list" || type == "tuple") {
    if (found.class_name() != "builtins." + type) return false;
    if (!expected.contains("items")) return found[1] == found;  // contains itself
    return holds_all(expected, found);
  }
  if (type == "dict") return holds_entries(expected, found);
  if (type == "OrderedDict" || type == "defaultdict" || type == "Counter") {
    return found.class_name() == "collections." + type && holds_entries(expected, found);
  }
  if (type == "set" || type == "frozenset")
    return found.class_name() == "builtins." + type && holds_reprs(expected, found);
  if (type == "ndarray") return holds_array(expected, found);
  if (type == "matrix" || type == "recarray")
    return found.class_name().ends_with(type) && holds_array(expected, found);
  if (type == "MaskedArray") return found.callable().class_name().ends_with("_mareconstruct");
  if (type == "numpy_scalar") {
    return found.type() == Type::scalar && has_dtype(expected.at("dtype"), found.dtype()) &&
           has_bytes(expected, "bytes_", found.tobytes().view());
  }
  if (type == "dtype")
    return found.type() == Type::dtype && has_dtype(expected.at("dtype"), found.dtype());
  if (type == "other") return found.type() == Type::instance || found.type() == Type::global;
  return type == "deep";
}

}  // namespace

TEST_CASE("Files of Python's joblib load to what Python loads") {
  const SinkGuard quiet([](const LogRecord&) {});  // old formats are warned of
  for (const json::value& each : all_vectors()) {
    const json::object& vector = each.as_object();
    const json::value* const expected = vector.if_contains("loaded");
    if (expected == nullptr || expected->is_array()) continue;
    const std::string file = text(vector, "file");
    CAPTURE(file);
    Object found;
    CHECK_NOTHROW(found = load(folder / file));
    CAPTURE(found.repr(500));
    if (file == "arr_struct_mixed_endian.pkl") {  // which joblib leaves as it is
      CHECK(found.dtype().is_native());
      CHECK(found["a"].as<std::vector<int>>() == std::vector{1});
    } else {
      CHECK(holds(*expected, found));
    }
  }
}

TEST_CASE("Broken files of Python's joblib are errors") {
  std::size_t count = 0;
  for (const json::value& each : all_vectors()) {
    const json::object& vector = each.as_object();
    if (!vector.contains("load_raises")) continue;
    const std::string file = text(vector, "file");
    CAPTURE(file);
    ++count;
    try {
      load(folder / file);
      FAIL_CHECK("it loads");
    } catch (const Error& error) {
      CHECK(error.code() == errc::corrupt_data);
      CHECK(std::string(error.what()).find(file) != std::string::npos);
    }
  }
  CHECK(count == 9);
}

TEST_CASE("Several values in one file are loaded one after the other") {
  std::ifstream file(folder / "two_in_one_file.pkl", std::ios::binary);
  CHECK(load<std::vector<int>>(file) == std::vector{0, 1, 2});
  CHECK(load(file)["second"].as<std::vector<double>>() == std::vector{0.0, 1.0});
}

TEST_CASE("Text of Python 2 that is not UTF-8 is an error") {
  CHECK(loads<std::string>("\x80\x02U\x02\xc3\xa9.") == "\u00e9");
  CHECK_THROWS_AS(loads(std::string_view("\x80\x02U\x01\xff.")), Error);
}

TEST_CASE("What has been loaded from Python is dumped to an equal value") {
  const SinkGuard quiet([](const LogRecord&) {});
  const int protocol = GENERATE(2, 3, 4, 5);
  CAPTURE(protocol);
  for (const json::value& each : all_vectors()) {
    const json::object& vector = each.as_object();
    const json::value* const expected = vector.if_contains("loaded");
    if (expected == nullptr || expected->is_array()) continue;
    const std::string file = text(vector, "file");
    CAPTURE(file);
    const Object found = load(folder / file);
    const Object again = loads(dumps(found, {.protocol = protocol}));
    CHECK(again.repr() == found.repr());
    if (file != "floats.pkl") CHECK(again == found);  // it holds a nan
  }
}

}  // namespace joblib::test
