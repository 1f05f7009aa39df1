// Damaged entries are computed again, and stores that fail don't make calls fail.

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "joblib/persistence.hpp"
#include "joblib/store/local.hpp"
#include "store/fault_store.hpp"
#include "tools.hpp"

namespace joblib::test {
namespace {

using Catch::Matchers::Contains;

// A store that fails in one operation, with all items or those of one name.
struct Failing : CacheFolder {
  std::string failing_operation = {};
  std::string failing_item = {};
  std::shared_ptr<FaultStore> store = std::make_shared<FaultStore>(
      make_local_store(folder.root().string()),
      [this](std::string_view operation, const std::string& item) {
        if (operation == failing_operation && item.ends_with(failing_item))
          throw Error(errc::io_error, "no space left");
      });
};

struct Picky {
  int value = 0;
};

}  // namespace
}  // namespace joblib::test

template <>
struct joblib::pickler<joblib::test::Picky> {
  static int to_state(const test::Picky& picky) { return picky.value; }
  static test::Picky from_state(int value) {
    if (value == 13) throw std::out_of_range("unlucky");
    return {value};
  }
};

namespace joblib::test {

TEST_CASE_METHOD(CacheFolder, "A damaged entry is computed again, with a warning, and healed") {
  const auto cached = memory.cache("f", [](int x) {
    ++calls;
    return std::string(static_cast<std::size_t>(x), 'x');
  });
  CHECK(cached(1000).size() == 1000);
  const fs::path output = entry() / "output.pkl";
  bool warns = true;
  SECTION("empty") { fs::resize_file(output, 0); }
  SECTION("cut off") { fs::resize_file(output, 500); }
  SECTION("garbage") { std::ofstream(output) << std::string(1000, '\xaa'); }
  SECTION("of another type") { dump(std::vector{1, 2}, output); }
  SECTION("compressed and cut off") {
    dump(std::string(1000, 'x'), output, {.compress = "zlib"});
    fs::resize_file(output, fs::file_size(output) - 5);
  }
  SECTION("a folder") {
    fs::remove(output);
    fs::create_directories(output / "in" / "it");
    warns = false;
  }
  SECTION("gone") {
    fs::remove(output);
    warns = false;
  }
  const auto warnings = logged(LogLevel::warning, [&] {
    CHECK(calls_of([&] { CHECK(cached(1000).size() == 1000); }) == 1);
  });
  CHECK(warnings.size() == (warns ? 1 : 0));
  if (warns) CHECK_THAT(warnings.at(0), Contains("Exception while loading results for f"));
  CHECK(logged(LogLevel::warning, [&] {
          CHECK(calls_of([&] { CHECK(cached(1000).size() == 1000); }) == 0);
        }).empty());
}

TEST_CASE_METHOD(CacheFolder, "A damaged entry is healed when it would be mapped, too") {
  const auto cached = memory.cache("square", square, {.mmap_mode = MmapMode::r});
  cached(3);
  fs::resize_file(entry() / "output.pkl", 0);
  logged(LogLevel::warning, [&] { CHECK(cached(3) == 9); });
  CHECK(calls_of([&] { CHECK(cached(3) == 9); }) == 0);
}

TEST_CASE_METHOD(CacheFolder, "An entry without readable metadata is one") {
  const auto cached = memory.cache("square", square);
  cached(3);
  const std::string damaged = GENERATE("", "{", "[1]", "{\"time\": \"now\", \"input_args\": 1}");
  std::ofstream(entry() / "metadata.json") << damaged;
  CHECK(calls_of([&] { CHECK(cached(3) == 9); }) == 0);
  fs::remove(entry() / "metadata.json");
  const Memory again(folder.root(), {.verbose = 0});
  CHECK(calls_of([&] { CHECK(again.cache("square", square)(3) == 9); }) == 0);
  CHECK(memory.entries().at(0).input_args.empty());
}

TEST_CASE_METHOD(CacheFolder, "What a pickler throws makes an entry unreadable") {
  const auto cached = memory.cache("picky", [](int value) {
    ++calls;
    return Picky{value};
  });
  cached(13);
  CHECK_THAT(logged(LogLevel::warning,
                    [&] { CHECK(calls_of([&] { CHECK(cached(13).value == 13); }) == 1); })
                 .at(0),
             Contains("unlucky"));
}

TEST_CASE_METHOD(Failing, "A result that can't be stored is returned, and reported") {
  std::vector<std::string> reported;
  const Memory failing(folder.root(),
                       {.backend = store, .verbose = 0, .on_store_error = [&](const Error& error) {
                          CHECK(error.code() == errc::io_error);
                          reported.push_back(error.what());
                        }});
  const auto cached = failing.cache("square", square);
  failing_operation = GENERATE("create", "write", "finish");
  const auto warnings =
      logged(LogLevel::warning, [&] { CHECK(calls_of([&] { CHECK(cached(3) == 9); }) == 1); });
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Contains("no space left"));
  CHECK(reported == std::vector<std::string>{"no space left"});
  CHECK(failing.stats().store_errors == 1);
  CHECK(failing.stats().bytes == 0);
  logged(LogLevel::warning, [&] { CHECK(cached.call(3).value == 9); });
  CHECK(failing.stats().store_errors == 2);
  failing_operation.clear();
  CHECK_FALSE(cached.check_call_in_cache(3));
  CHECK(calls_of([&] { cached(3), cached(3); }) == 1);
  CHECK(fs::is_empty(root / ".tmp"));
}

TEST_CASE_METHOD(Failing, "An old result is never found beside the metadata of its successor") {
  static int factor = 1;
  factor = 1;
  const auto scaled = [](int x) { return x * factor; };
  const Memory failing(folder.root(), {.backend = store, .verbose = 0});
  std::chrono::system_clock::time_point begin = {};
  const auto recent = failing.cache(
      "scaled", scaled, {.validate = [&](const Metadata& made) { return made.time >= begin; }});
  const auto any = failing.cache("scaled", scaled);
  CHECK(any(2) == 2);
  begin = std::chrono::system_clock::now();
  factor = 10;
  failing_item = GENERATE("output.pkl", "metadata.json");
  failing_operation = GENERATE("create", "write", "finish");
  logged(LogLevel::warning, [&] {
    CHECK(any.call(2).value == 20);
    CHECK(recent.call_and_shelve(2).get() == 20);
  });
  failing_operation.clear();
  CHECK(recent(2) == 20);
}

TEST_CASE_METHOD(Failing, "A result that can't be stored leaves no entry") {
  const Memory failing(folder.root(), {.backend = store, .verbose = 0});
  failing_item = "output.pkl";
  failing_operation = GENERATE("create", "write", "finish");
  logged(LogLevel::warning, [&] { failing.cache("square", square)(3); });
  CHECK(failing.entries().empty());
}

TEST_CASE_METHOD(Failing, "Who is told of an error may call the function again") {
  int told = 0;
  std::function<void()> call_again;
  const Memory failing(folder.root(),
                       {.backend = store, .verbose = 0, .on_store_error = [&](const Error&) {
                          if (++told == 1) call_again();
                        }});
  const auto cached = failing.cache("square", square);
  call_again = [&] { CHECK(cached(3) == 9); };
  failing_operation = "create";
  logged(LogLevel::warning, [&] { CHECK(calls_of([&] { CHECK(cached(3) == 9); }) == 2); });
  CHECK(told == 2);
}

TEST_CASE_METHOD(Failing, "A result that can't be stored is mapped from no older file") {
  static int factor = 1;
  factor = 1;
  const Memory failing(folder.root(), {.backend = store, .mmap_mode = MmapMode::r, .verbose = 0});
  const auto cached = failing.cache("scaled", [](int x) { return x * factor; });
  CHECK(cached(2) == 2);
  factor = 10;
  failing_operation = "create";
  logged(LogLevel::warning, [&] { CHECK(cached.call(2).value == 20); });
}

TEST_CASE_METHOD(Failing, "A result that can't be stored can be shelved all the same") {
  const Memory failing(folder.root(), {.backend = store, .verbose = 0});
  failing_operation = GENERATE("create", "write", "finish");
  logged(LogLevel::warning, [&] {
    CHECK(failing.cache("square", square).call_and_shelve(3).get() == 9);
    const auto owned = failing.cache("owned", [](int x) { return std::make_unique<int>(x); });
    const auto result = owned.call_and_shelve(3);
    CHECK(*result.get() == 3);
    CHECK(*result.get() == 3);
  });
  CHECK(failing.stats().store_errors == 2);
}

TEST_CASE_METHOD(Failing, "A strict cache makes failing to store an error") {
  const Memory failing(folder.root(), {.backend = store, .verbose = 0, .strict = true});
  const auto cached = failing.cache("square", square);
  failing_operation = "finish";
  CHECK(error_of([&] { cached(3); }) == errc::io_error);
  CHECK(failing.stats().store_errors == 1);
  failing_operation.clear();
  CHECK(cached(3) == 9);
}

TEST_CASE_METHOD(Failing, "A store that can't be read or locked doesn't make calls fail") {
  const Memory failing(folder.root(), {.backend = store, .verbose = 0});
  const auto cached = failing.cache("square", square);
  cached(3);
  for (const char* operation : {"open", "read", "lock", "exists", "touch"}) {
    CAPTURE(operation);
    failing_operation = operation;
    logged(LogLevel::warning, [&] {
      CHECK(cached(3) == 9);
      CHECK(cached(4) == 16);
      CHECK(cached.call(5).value == 25);
      CHECK_NOTHROW(cached.call_and_shelve(6));
    });
    failing_operation.clear();
    failing.clear();
  }
}

TEST_CASE_METHOD(CacheFolder, "A folder that vanishes is made again") {
  const auto cached = memory.cache("square", square);
  cached(3);
  fs::remove_all(folder.root());
  CHECK(logged(LogLevel::warning, [&] {
          CHECK(calls_of([&] { cached(3), cached(3); }) == 1);
          fs::remove_all(root);
          CHECK(calls_of([&] { cached.call_and_shelve(3), cached.call_and_shelve(3); }) == 1);
        }).empty());
}

}  // namespace joblib::test
