#include "joblib/store/memory.hpp"

#include <memory>
#include <string>

#include "catch.hpp"
#include "joblib/store/two_tier.hpp"
#include "store/fault_store.hpp"
#include "store/tools.hpp"

using joblib::errc;
using joblib::Error;
using joblib::MemoryStore;
using joblib::ObjectCache;
using joblib::StoreBackend;
using joblib::StoreOptions;
using joblib::StoreRef;
using joblib::TwoTierStore;
using namespace joblib::test;

namespace {

void keep(StoreBackend& store, const std::string& name, std::uint64_t bytes = 8) {
  store.objects()->keep(name, std::make_shared<const int>(1), bytes);
}

std::shared_ptr<StoreBackend> memory(const StoreOptions& options) {
  return StoreRef("memory").resolve("anywhere", options);
}

std::string refusal(const StoreOptions& options) {
  try {
    memory(options);
  } catch (const Error& error) {
    CHECK(error.code() == errc::invalid_argument);
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("A store in memory keeps results as objects and lists them beside its items") {
  MemoryStore store;
  CHECK_FALSE(store.keeps_items());
  CHECK_FALSE(store.file("f/1/x"));
  keep(store, "f/1/output.pkl");
  put(store, "f/1/metadata.json", "{}");
  CHECK(names_in(store) == Names{"f/1/output.pkl", "f/1/metadata.json"});
  CHECK(item_of(store, "f/1/output.pkl")->size == 8);
  CHECK(store.exists("f/1/output.pkl"));
  CHECK(store.open("f/1/output.pkl") == nullptr);
  int visits = 0;
  store.list("", [&](const joblib::StoreItem&) { return ++visits > 1; });
  CHECK(visits == 1);
  store.remove("f/1");
  CHECK(names_in(store).empty());
  CHECK(store.objects()->find<int>("f/1/output.pkl") == nullptr);
}

TEST_CASE("The items of an object that made room go with it") {
  const auto store = memory({{"items_limit", 2}});
  for (const char* folder : {"f/1", "f/2", "f/3"}) {
    put(*store, std::string(folder) + "/metadata.json", "{}");
    keep(*store, std::string(folder) + "/output.pkl");
  }
  CHECK(names_in(*store) ==
        Names{"f/2/output.pkl", "f/2/metadata.json", "f/3/output.pkl", "f/3/metadata.json"});
}

TEST_CASE("Limits of a store in memory are options") {
  const auto by_text = memory({{"bytes_limit", "1K"}});
  keep(*by_text, "a", 1000);
  keep(*by_text, "b", 24);
  keep(*by_text, "c", 1);
  CHECK(names_in(*by_text) == Names{"b", "c"});
  const auto by_number = memory({{"bytes_limit", 10}, {"items_limit", 100}});
  keep(*by_number, "a", 11);
  CHECK(names_in(*by_number).empty());

  CHECK(refusal({{"limit", 1}}).find("'limit'") != std::string::npos);
  CHECK(refusal({{"bytes_limit", true}}).find("'bytes_limit'") != std::string::npos);
  CHECK(refusal({{"bytes_limit", -1}}) != "none");
  CHECK(refusal({{"bytes_limit", "many"}}) != "none");
  CHECK(refusal({{"items_limit", "1K"}}).find("'items_limit'") != std::string::npos);
  CHECK(refusal({{"items_limit", -1}}).find("'items_limit'") != std::string::npos);
}

TEST_CASE("Two stores in memory share nothing") {
  const auto first = memory({});
  const auto second = memory({});
  put(*first, "f/x", "text");
  keep(*first, "f/y");
  CHECK(names_in(*second).empty());
}

TEST_CASE("Two tiers remove their objects together with the items") {
  const auto behind = std::make_shared<MemoryStore>();
  TwoTierStore store(behind, {.items = 10});
  CHECK(store.objects() != behind->objects());
  CHECK(store.location() == behind->location());
  CHECK(store.keeps_items() == behind->keeps_items());
  put(store, "f/1/x", "text");
  keep(store, "f/1/x");
  keep(store, "f/2/x");
  store.remove("f/1");
  CHECK_FALSE(behind->exists("f/1/x"));
  CHECK(store.objects()->find<int>("f/1/x") == nullptr);
  CHECK(store.objects()->find<int>("f/2/x") != nullptr);
  store.remove("");
  CHECK(store.objects()->find<int>("f/2/x") == nullptr);
  CHECK(error_of([] { TwoTierStore(nullptr); }) == errc::invalid_argument);
}

TEST_CASE("A fault of the store behind two tiers reaches the caller") {
  const std::string operation = GENERATE(as<std::string>{}, "open", "read", "create", "write",
                                         "finish", "exists", "list", "remove", "touch", "lock");
  CAPTURE(operation);
  const auto behind = std::make_shared<MemoryStore>();
  put(*behind, "f/x", "text");
  TwoTierStore store(
      std::make_shared<FaultStore>(behind, [&](std::string_view now, const std::string&) {
        if (now == operation) throw Error(errc::io_error, "a fault");
      }));
  const auto use_all = [&] {
    get(store, "f/x");
    put(store, "f/y", "text");
    store.exists("f/x");
    names_in(store);
    store.touch("f/x");
    store.lock("f");
    store.remove("f");
  };
  CHECK(error_of(use_all) == errc::io_error);
}
