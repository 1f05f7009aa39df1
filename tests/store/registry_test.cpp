#include <memory>
#include <string>

#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "joblib/store/local.hpp"
#include "joblib/store/memory.hpp"
#include "store/tools.hpp"

using joblib::errc;
using joblib::MemoryStore;
using joblib::register_store_backend;
using joblib::StoreBackend;
using joblib::StoreOptions;
using joblib::StoreRef;
using namespace joblib::test;

namespace {

template <class Action>
std::string text_of_error(Action action) {
  try {
    action();
  } catch (const joblib::Error& error) {
    CHECK(error.code() == errc::invalid_argument);
    return error.what();
  }
  return "none";
}

std::shared_ptr<StoreBackend> nothing(const std::string& /*location*/,
                                      const StoreOptions& /*options*/) {
  return nullptr;
}

}  // namespace

TEST_CASE("A store is made by the factory of its name from a location and options") {
  std::string where;
  StoreOptions received;
  register_store_backend("recorded", [&](const std::string& location, const StoreOptions& options) {
    where = location;
    received = options;
    return std::make_shared<MemoryStore>();
  });
  CHECK(StoreRef("recorded").resolve("bucket/a", {{"depth", 2}, {"name", "x"}}) != nullptr);
  CHECK(where == "bucket/a");
  CHECK(std::get<std::int64_t>(received.at("depth")) == 2);
  CHECK(std::get<std::string>(received.at("name")) == "x");
}

TEST_CASE("A store that exists is used as it is") {
  const auto store = std::make_shared<MemoryStore>();
  CHECK(StoreRef(store).resolve("anywhere", {}) == store);
  CHECK(text_of_error([&] { StoreRef(store).resolve("", {{"depth", 2}}); }) != "none");
  CHECK(text_of_error([] { StoreRef(std::shared_ptr<MemoryStore>()).resolve("", {}); }) != "none");
}

TEST_CASE("An unknown store is an error that lists the known ones") {
  const std::string text = text_of_error([] { StoreRef("locale").resolve("", {}); });
  CHECK(text.find("Invalid store: locale, expected one of [") != std::string::npos);
  CHECK(text.find("'local', 'memory'") != std::string::npos);
}

TEST_CASE("Built-in stores are replaced by force only") {
  const std::string name = GENERATE("local", "memory");
  CHECK(text_of_error([&] { register_store_backend(name, nothing); }) != "none");
  CHECK(text_of_error([&] { register_store_backend(name, {}, true); }) != "none");
  CHECK(text_of_error([&] { register_store_backend("", nothing); }) != "none");
}

TEST_CASE("A factory that makes nothing is an error") {
  register_store_backend("nothing", nothing);
  CHECK(text_of_error([] { StoreRef("nothing").resolve("", {}); }).find("'nothing'") !=
        std::string::npos);
}

TEST_CASE("The local store knows its options") {
  const joblib_test::TemporaryFolder folder;
  CHECK(text_of_error([&] {
          StoreRef("local").resolve(folder.path().string(), {{"depth", 2}});
        }).find("'depth'") != std::string::npos);
}
