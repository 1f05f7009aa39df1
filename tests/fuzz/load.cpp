// Loads any bytes, as Object and as C++ types. Whatever is thrown and no joblib::Error is a
// finding.

#include <boost/describe/class.hpp>
#include <chrono>
#include <complex>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "fuzz.hpp"
#include "joblib/core/log.hpp"
#include "joblib/persistence.hpp"

namespace {

using joblib::Object;
using joblib::fuzz::attempt;

struct Json {
  std::variant<std::monostate, bool, double, std::string, std::vector<Json>> value;
};

struct Measurement {
  std::string name;
  std::vector<double> values;
  joblib::ndarray<const float> array;
};
BOOST_DESCRIBE_STRUCT(Measurement, (), (name, values, array))

template <class... T>
void convert(const Object& object) {
  (attempt([&] { (void)object.as<T>(); }), ...);
}

void look_at(const Object& object) {
  (void)object.type();
  (void)object.class_name();
  attempt([&] { (void)object.size(); });
  attempt([&] { (void)object[0].repr(100); });
  attempt([&] { (void)object["a"].repr(100); });
  attempt([&] { (void)object.attr("a"); });
  attempt([&] { (void)object.contains(object); });
  attempt([&] { (void)object.items(); });
  attempt([&] { (void)object.tobytes(); });
  attempt([&] { (void)object.dtype().repr(); });
  attempt([&] {
    int most = 100;
    for (const Object& item : object) {
      (void)item.class_name();
      if (--most == 0) break;
    }
  });
}

// What has been loaded can be written, and is the same then.
void check_dump(const Object& object, int protocol) {
  attempt([&] {
    const joblib::bytes dumped = joblib::dumps(object, {.protocol = protocol});
    if (joblib::loads(dumped).repr() != object.repr()) std::abort();
  });
}

}  // namespace

template <>
struct joblib::pickler<Json> {
  static auto to_state(const Json& json) { return json.value; }
  static Json from_state(decltype(Json::value) value) { return {std::move(value)}; }
};

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  joblib::set_log_sink([](const joblib::LogRecord&) {});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (joblib::detail::compressor_of_prefix(text) != nullptr) return -1;  // decompress.cpp's part
  attempt([&] {
    const Object object = joblib::loads(bytes);
    look_at(object);
    attempt([&] { (void)(object == joblib::loads(bytes)); });
    check_dump(object, 4);
    check_dump(object, 2);
    convert<bool, std::int8_t, std::uint64_t, float, long double, std::complex<float>, char32_t,
            std::string, std::filesystem::path, joblib::bytes,
            std::chrono::system_clock::time_point, std::chrono::nanoseconds, std::vector<double>,
            std::vector<std::vector<int>>, std::vector<std::string>, std::vector<Object>,
            std::map<std::string, Object>, std::set<std::int64_t>, std::tuple<int, std::string>,
            joblib::ndarray<const double>, Json, Measurement>(object);
  });
  attempt([&] { (void)joblib::loads<Json>(bytes); });
  attempt([&] { (void)joblib::loads<std::vector<Measurement>>(bytes); });
  attempt([&] { (void)joblib::loads<std::map<std::string, std::vector<Object>>>(bytes); });
  return 0;
}
