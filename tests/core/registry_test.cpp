#include "joblib/core/registry.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"

using Catch::Matchers::Message;
using joblib::Error;
using joblib::detail::Registry;

namespace {

Registry<int> backends() { return {"backend", {{"threading", 1}, {"loky", 2}, {"sequential", 3}}}; }

}  // namespace

TEST_CASE("A registry finds its built-in and added values by name") {
  Registry<int> registry = backends();
  registry.add("dask", 4, false);
  CHECK(registry.get("loky") == 2);
  CHECK(registry.get("dask") == 4);
  CHECK(registry.contains("dask"));
  CHECK_FALSE(registry.contains("das"));
  CHECK_FALSE(registry.contains(""));
  CHECK(registry.names() == std::vector<std::string>{"dask", "loky", "sequential", "threading"});
}

TEST_CASE("A registry refuses an unknown name and lists those that it knows") {
  Registry<int> registry = backends();
  CHECK_THROWS_MATCHES(registry.get("foo"), Error,
                       Message("Invalid backend: foo, expected one of ['loky', 'sequential', "
                               "'threading']"));
  CHECK_THROWS_MATCHES(registry.get(""), Error,
                       Message("Invalid backend: , expected one of ['loky', 'sequential', "
                               "'threading']"));
  const Registry<int> empty("compressor", {});
  CHECK_THROWS_MATCHES(empty.get("zlib"), Error,
                       Message("Invalid compressor: zlib, expected one of []"));
  CHECK(empty.names().empty());
}

TEST_CASE("A registry replaces added values silently and built-in ones by force only") {
  Registry<int> registry = backends();
  registry.add("mine", 4, false);
  registry.add("mine", 5, false);
  CHECK(registry.get("mine") == 5);

  const auto refused =
      Message("The backend 'loky' is built in: choose another name, or replace it with force.");
  CHECK_THROWS_MATCHES(registry.add("loky", 6, false), Error, refused);
  CHECK(registry.get("loky") == 2);
  registry.add("loky", 7, true);
  CHECK(registry.get("loky") == 7);
  CHECK_THROWS_MATCHES(registry.add("loky", 8, false), Error, refused);
  CHECK(registry.get("loky") == 7);
  CHECK(registry.names().size() == 4);
}

TEST_CASE("A registry refuses an empty name even by force") {
  Registry<int> registry = backends();
  CHECK_THROWS_MATCHES(registry.add("", 1, true), Error,
                       Message("The name of a backend must not be empty."));
  CHECK(registry.names().size() == 3);
}

TEST_CASE("Errors of a registry are invalid arguments") {
  Registry<int> registry = backends();
  const std::vector<std::function<void()>> wrong = {
      [&] { registry.get("foo"); },
      [&] { registry.add("", 1, false); },
      [&] { registry.add("loky", 1, false); },
  };
  for (const auto& call : wrong) {
    try {
      call();
      FAIL("nothing thrown");
    } catch (const Error& error) {
      CHECK(error.code() == joblib::errc::invalid_argument);
    }
  }
}

TEST_CASE("The destructor of a replaced value may use the registry") {
  Registry<std::shared_ptr<int>> registry("store", {});
  bool found = false;
  registry.add("mine",
               {new int(1),
                [&](const int* value) {
                  found = registry.contains("mine");
                  delete value;
                }},
               false);
  registry.add("mine", std::make_shared<int>(2), false);
  CHECK(found);
  CHECK(*registry.get("mine") == 2);
}

TEST_CASE("A registry can be used by many threads") {
  Registry<std::string> registry("backend", {{"shared", "0"}});
  constexpr int threads = 4;
  constexpr int rounds = 200;
  std::atomic<int> wrong = 0;
  {
    std::deque<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread) {
      running.emplace_back([&, thread] {
        for (int i = 0; i < rounds; ++i) {
          const auto name = std::to_string(thread) + "." + std::to_string(i);
          registry.add(name, name, false);
          registry.add("shared", name, true);
          if (registry.get(name) != name) ++wrong;
          if (registry.get("shared").empty()) ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
  CHECK(registry.names().size() == threads * rounds + 1);
}
