#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "store/behaviour/stores.hpp"
#include "store/child.hpp"
#include "store/tools.hpp"

using joblib::Error;
using joblib::StoreBackend;
using joblib::StoreItem;
using namespace joblib::test;

namespace {

// A version of an item: any number of the same letter, so that a mixture of two can be told.
std::string version(int i) {
  return std::string(static_cast<std::size_t>(1000 + i % 7 * 9000),
                     static_cast<char>('a' + i % 26));
}

bool is_version(const std::string& text) {
  return text.size() % 9000 == 1000 && text.find_first_not_of(text[0]) == std::string::npos;
}

// Reads until it is told to stop; counts what is no whole version.
void read_versions(StoreBackend& store, const std::atomic<bool>& over, std::atomic<int>& wrong) {
  while (!over) {
    const auto text = get(store, "f/1/x");
    if (text && !is_version(*text)) ++wrong;
  }
}

}  // namespace

TEST_CASE("Threads that replace, read, list and remove an item see whole ones only") {
  const StoreCase each(GENERATE(from_range(stores())));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  std::atomic<int> wrong = 0;
  std::atomic<bool> over = false;
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { read_versions(store, over, wrong); });
    threads.emplace_back([&] {
      while (!over) {
        store.list("f", [&](const StoreItem& item) {
          if (item.size % 9000 != 1000) ++wrong;
          return true;
        });
        store.touch("f/1/x");
        store.remove("f");
      }
    });
    {
      std::vector<std::jthread> writers;
      for (int writer = 0; writer < 2; ++writer) {
        writers.emplace_back([&, writer] {
          for (int i = 0; i < 300; ++i) {
            try {
              put(store, "f/1/x", version(2 * i + writer));
            } catch (const Error&) {
              ++wrong;
            }
          }
        });
      }
    }
    over = true;
  }
  CHECK(wrong == 0);
}

TEST_CASE("Processes that write and die never leave a part of an item") {
  const StoreCase each(GENERATE(from_range(stores({.shares = true}))));
  CAPTURE(each.name);
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  StoreBackend& store = *each.store;
  int wrong = 0;
  for (int round = 0; round < 20; ++round) {
    Child writer([&](Child& child) {
      child.report();
      for (int i = 0;; ++i) {
        put(store, "f/1/x", version(i));
        if (i % 5 == 0) store.remove("f/1");
      }
      return true;
    });
    writer.wait_for_report();
    for (auto reads = random() % 300; reads > 0; --reads) {
      const auto text = get(store, "f/1/x");
      if (text && !is_version(*text)) ++wrong;
    }
    writer.kill();
    const auto text = get(store, "f/1/x");
    if (text && !is_version(*text)) ++wrong;
    if (names_in(store).size() > 1) ++wrong;
  }
  CHECK(wrong == 0);
  put(store, "f/1/x", "text");
  CHECK(get(*each.again(), "f/1/x") == "text");
}

TEST_CASE("A child that is forked while other threads use a store can use it too") {
  if (thread_sanitizer || address_sanitizer) return;  // see the fork tests of parallel
  const StoreCase each(GENERATE(from_range(stores({.locks = true}))));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  std::atomic<bool> over = false;
  std::vector<std::jthread> users;
  for (int user = 0; user < 2; ++user) {
    users.emplace_back([&] {
      while (!over) {
        const auto lock = store.lock("f/1");
        put(store, "f/1/x", "text");
        get(store, "f/1/x");
      }
    });
  }
  int unwell = 0;
  for (int i = 0; i < 30; ++i) {
    Child child([&](Child&) {
      const auto lock = store.lock("f/1");
      put(store, "f/1/y", "text");
      return lock != nullptr && get(store, "f/1/y") == "text";
    });
    if (!child.ended_well()) ++unwell;
  }
  over = true;
  users.clear();
  CHECK(unwell == 0);
}
