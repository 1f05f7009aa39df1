#include <string>
#include <vector>

#include "catch.hpp"
#include "store/behaviour/stores.hpp"
#include "store/tools.hpp"

using joblib::errc;
using joblib::StoreBackend;
using joblib::StoreItem;
using namespace joblib::test;
using joblib_test::bytes_of;

TEST_CASE("A finished item is there with all of its bytes") {
  const StoreCase each(GENERATE(from_range(stores())));
  const std::size_t size = GENERATE(0, 1, 4096, 3'000'000);
  CAPTURE(each.name, size);
  StoreBackend& store = *each.store;
  std::string text(size, 'a');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * i % 251);
  const auto sink = store.create("f/3a/output.pkl");
  sink->expect(size);
  joblib_test::write_all(*sink, bytes_of(text), 70'000);
  CHECK_FALSE(store.exists("f/3a/output.pkl"));
  CHECK_FALSE(get(store, "f/3a/output.pkl"));
  CHECK(names_in(store).empty());
  sink->finish();
  CHECK(store.exists("f/3a/output.pkl"));
  CHECK((get(store, "f/3a/output.pkl") == text));
  CHECK(item_of(store, "f/3a/output.pkl")->size == size);
}

TEST_CASE("A source says how much is left or that it doesn't know") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  put(*each.store, "item", "joblib");
  const auto source = each.store->open("item");
  CHECK(source->remaining().value_or(6) == 6);
  CHECK(source->skip(3) == 3);
  CHECK(source->remaining().value_or(3) == 3);
  CHECK(text_of(*source) == "lib");
}

TEST_CASE("A sink that is destroyed before finish leaves nothing behind") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  put(store, "f/old", "old");
  for (const char* name : {"f/old", "f/new"}) store.create(name)->write(bytes_of("text"));
  CHECK(names_in(store) == Names{"f/old"});
  CHECK(get(store, "f/old") == "old");
}

TEST_CASE("An item stays what it is while it is read") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  put(store, "f/item", std::string(100'000, 'a'));
  const auto before_replaced = store.open("f/item");
  std::vector<std::byte> first(10);
  CHECK(before_replaced->read(first) > 0);
  put(store, "f/item", std::string(50'000, 'b'));
  const auto before_removed = store.open("f/item");
  store.remove("f");
  CHECK_FALSE(store.exists("f/item"));
  CHECK((text_of(*before_replaced) == std::string(99'990, 'a')));
  CHECK((text_of(*before_removed) == std::string(50'000, 'b')));
}

TEST_CASE("What is not there is no error") {
  const StoreCase each(GENERATE(from_range(stores())));
  const std::string name = GENERATE(as<std::string>{}, "item", "f/item", "f/there/item");
  CAPTURE(each.name, name);
  StoreBackend& store = *each.store;
  put(store, "f/there", "text");
  CHECK(store.open(name) == nullptr);
  CHECK_FALSE(store.exists(name));
  CHECK(names_in(store, name).empty());
  store.touch(name);
  store.remove(name);
  CHECK(names_in(store) == Names{"f/there"});
}

TEST_CASE("A folder is no item") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  put(*each.store, "f/g/item", "text");
  for (const char* folder : {"f", "f/g"}) {
    CHECK_FALSE(each.store->exists(folder));
    CHECK(each.store->open(folder) == nullptr);
  }
}

TEST_CASE("Items are listed by folder") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  const Names all = {"a", "f/1/x", "f/1/y", "f/2/x", "f/x", "f-/x", "ff/1/x", "g/1/x"};
  for (const std::string& name : all) put(store, name, name);
  CHECK(names_in(store) == all);
  CHECK(names_in(store, "f") == Names{"f/1/x", "f/1/y", "f/2/x", "f/x"});
  CHECK(names_in(store, "f/1") == Names{"f/1/x", "f/1/y"});
  CHECK(names_in(store, "a").empty());
  CHECK(names_in(store, "f/x").empty());
  store.list("", [](const StoreItem& item) {
    CHECK(item.size == item.name.size());
    return true;
  });
  int visits = 0;
  store.list("", [&](const StoreItem& item) {
    CHECK(all.contains(item.name));
    return ++visits < 3;
  });
  CHECK(visits == 3);
}

TEST_CASE("A visitor may use the store") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  for (int i = 0; i < 500; ++i) put(store, "f/" + std::to_string(i) + "/output.pkl", "text");
  store.list("", [&](const StoreItem& item) {
    CHECK(get(store, item.name) == "text");
    store.remove(item.name.substr(0, item.name.rfind('/')));
    return true;
  });
  CHECK(names_in(store).empty());
}

TEST_CASE("Removing takes an item or what is in a folder and leaves the rest") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  for (const char* name : {"f/1/x", "f/1/y", "f/1/deep/x", "f/2/x", "f/11/x", "ff/x", "g"}) {
    put(store, name, "text");
  }
  store.remove("f/1/x");
  CHECK(names_in(store, "f/1") == Names{"f/1/y", "f/1/deep/x"});
  store.remove("f/1");
  CHECK(names_in(store) == Names{"f/2/x", "f/11/x", "ff/x", "g"});
  store.remove("f");
  CHECK(names_in(store) == Names{"ff/x", "g"});
  store.remove("");
  CHECK(names_in(store).empty());
  put(store, "f/1/x", "again");
  CHECK(get(store, "f/1/x") == "again");
}

TEST_CASE("A folder is gone with its last item") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  put(*each.store, "f/1/x", "text");
  each.store->remove("f/1/x");
  put(*each.store, "f/1", "an item of this name");
  CHECK(get(*each.store, "f/1") == "an item of this name");
}

TEST_CASE("What was used last has the latest time of access") {
  const StoreCase each(GENERATE(from_range(stores({.touches = true}))));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  const auto access = [&](const char* name) { return item_of(store, name)->last_access; };
  const auto begin = std::chrono::system_clock::now() - std::chrono::seconds(10);
  put(store, "a", "text");
  put(store, "b", "text");
  CHECK(access("a") > begin);
  CHECK(access("a") <= access("b"));
  CHECK(repeat_until([&] { store.touch("a"); }, [&] { return access("a") > access("b"); }));
  CHECK(repeat_until([&] { store.open("b"); }, [&] { return access("b") > access("a"); }));
  CHECK(access("a") < std::chrono::system_clock::now() + std::chrono::seconds(10));
  CHECK(get(store, "a") == "text");
}

TEST_CASE("Names may have anything but slashes in their parts") {
  const StoreCase each(GENERATE(from_range(stores())));
  const std::string part = GENERATE(as<std::string>{}, "a b", "<locals>", "\xc3\xa4", "50%", "%2F",
                                    "+", "a.b", "a..", "~", "-", "back\\slash", "\x01\n", "\xff");
  CAPTURE(each.name, part);
  const std::string name = part + "/" + part + "/" + std::string(80, 'x');
  put(*each.store, name, "text");
  CHECK(get(*each.store, name) == "text");
  CHECK(names_in(*each.store, part + "/" + part) == Names{name});
  each.store->remove(part);
  CHECK_FALSE(each.store->exists(name));
}

TEST_CASE("Names that could lead out of the store are errors") {
  const StoreCase each(GENERATE(from_range(stores())));
  const std::string name =
      GENERATE(as<std::string>{}, "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b",
               "a/./b", ".a", "a/.b", std::string("a\0b", 3));
  CAPTURE(each.name, name);
  StoreBackend& store = *each.store;
  CHECK(error_of([&] { store.open(name); }) == errc::invalid_argument);
  CHECK(error_of([&] { store.create(name); }) == errc::invalid_argument);
  CHECK(error_of([&] { store.exists(name); }) == errc::invalid_argument);
  CHECK(error_of([&] { store.list(name, [](const StoreItem&) { return true; }); }) ==
        errc::invalid_argument);
  CHECK(error_of([&] { store.remove(name); }) == errc::invalid_argument);
  CHECK(error_of([&] { store.create(""); }) == errc::invalid_argument);
}

TEST_CASE("Another object of a store has the same items") {
  const StoreCase each(GENERATE(from_range(stores({.shares = true}))));
  CAPTURE(each.name);
  put(*each.store, "f/1/x", "text");
  const auto other = each.again();
  CHECK(other->location() == each.store->location());
  CHECK(get(*other, "f/1/x") == "text");
  other->remove("f");
  CHECK_FALSE(each.store->exists("f/1/x"));
}

TEST_CASE("The file of an item is what holds its bytes") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  const auto before = each.store->file("f/1/x");
  put(*each.store, "f/1/x", "text");
  const auto file = each.store->file("f/1/x");
  CHECK(file == before);
  if (file) CHECK(std::filesystem::file_size(*file) == 4);
}
