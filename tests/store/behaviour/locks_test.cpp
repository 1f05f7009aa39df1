#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "store/behaviour/stores.hpp"
#include "store/child.hpp"
#include "store/tools.hpp"

using joblib::StoreBackend;
using namespace joblib::test;

TEST_CASE("Threads hold a lock one after the other") {
  const StoreCase each(GENERATE(from_range(stores({.locks = true}))));
  CAPTURE(each.name);
  int counter = 0;  // not atomic: the lock is what keeps threads apart
  std::atomic<bool> without = false;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          const auto lock = each.store->lock("f/1");
          if (lock == nullptr) without = true;
          const int before = counter;
          std::this_thread::yield();
          counter = before + 1;
        }
      });
    }
  }
  CHECK(counter == 2000);
  CHECK_FALSE(without);
}

TEST_CASE("Locks of other names don't matter and a lock can be given to another thread") {
  const StoreCase each(GENERATE(from_range(stores({.locks = true}))));
  CAPTURE(each.name);
  auto first = each.store->lock("f/1");
  const auto second = each.store->lock("f/2");
  CHECK(second != nullptr);
  std::jthread([lock = std::move(first)]() mutable { lock.reset(); }).join();
  CHECK(each.store->lock("f/1") != nullptr);
}

TEST_CASE("A lock finds nothing only where nothing is") {
  const StoreCase each(GENERATE(from_range(stores({.locks = true}))));
  CAPTURE(each.name);
  put(*each.store, "f/1/x", "text");
  for (int i = 0; i < 2; ++i) CHECK_FALSE(each.store->lock("f/1")->found_nothing());
  for (int i = 0; i < 2; ++i) {
    auto lock = each.store->lock("f/2");
    put(*each.store, "f/2/x", "text");
    lock.reset();
    CHECK_FALSE(each.store->lock("f/2")->found_nothing());
    each.store->remove("f/2");
  }
}

TEST_CASE("Objects of a store share its locks") {
  const StoreCase each(GENERATE(from_range(stores({.shares = true, .locks = true}))));
  CAPTURE(each.name);
  const auto other = each.again();
  int counter = 0;
  {
    std::vector<std::jthread> threads;
    for (StoreBackend* store : {each.store.get(), other.get()}) {
      for (int thread = 0; thread < 2; ++thread) {
        threads.emplace_back([&, store] {
          for (int i = 0; i < 300; ++i) {
            const auto lock = store->lock("f/1");
            const int before = __atomic_load_n(&counter, __ATOMIC_RELAXED);
            std::this_thread::yield();
            __atomic_store_n(&counter, before + 1, __ATOMIC_RELAXED);
          }
        });
      }
    }
  }
  CHECK(counter == 1200);
}

TEST_CASE("Processes hold a lock one after the other") {
  const StoreCase each(GENERATE(from_range(stores({.shares = true, .locks = true}))));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  CHECK(store.lock("f/1") != nullptr);
  put(store, "counter", "0");
  {
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 4; ++i) {
      children.push_back(std::make_unique<Child>([&](Child&) {
        for (int step = 0; step < 100; ++step) {
          const auto lock = store.lock("f/1");
          if (lock == nullptr) return false;
          put(store, "counter", std::to_string(std::stoi(*get(store, "counter")) + 1));
        }
        return true;
      }));
    }
    for (const auto& child : children) CHECK(child->ended_well());
  }
  CHECK(get(store, "counter") == "400");
}

TEST_CASE("The death of its holder frees a lock") {
  const StoreCase each(GENERATE(from_range(stores({.shares = true, .locks = true}))));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  Child holder([&](Child& child) {
    const auto lock = store.lock("f/1");
    child.report();
    child.wait_for_parent();
    return true;
  });
  holder.wait_for_report();
  std::atomic<bool> has_lock = false;
  std::jthread waiter([&] {
    const auto lock = store.lock("f/1");
    has_lock = lock != nullptr;
  });
  CHECK(store.lock("f/2") != nullptr);
  CHECK_FALSE(has_lock);
  holder.kill();
  waiter.join();
  CHECK(has_lock);
}

TEST_CASE("A child that was forked by the holder of a lock doesn't keep it") {
  const StoreCase each(GENERATE(from_range(stores({.shares = true, .locks = true}))));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  // The holder dies, its child, which inherited all of its descriptors, lives on.
  int kept_open[2] = {};
  REQUIRE(::pipe(kept_open) == 0);
  Child holder([&](Child& child) {
    const auto lock = store.lock("f/1");
    if (::fork() == 0) {
      ::close(kept_open[1]);
      child.report();
      char c = 0;
      while (::read(kept_open[0], &c, 1) > 0) {
      }
      ::_exit(0);
    }
    child.wait_for_parent();
    return true;
  });
  holder.wait_for_report();
  holder.kill();
  CHECK(store.lock("f/1") != nullptr);
  ::close(kept_open[0]);
  ::close(kept_open[1]);
}

TEST_CASE("A lock that is held while its holder forks stays the parent's") {
  const StoreCase each(GENERATE(from_range(stores({.shares = true, .locks = true}))));
  CAPTURE(each.name);
  StoreBackend& store = *each.store;
  auto lock = store.lock("f/1");
  Child child([&](Child& self) {
    lock.reset();  // does nothing: the lock isn't the child's
    self.report();
    lock = store.lock("f/1");
    self.report();
    return lock != nullptr;
  });
  child.wait_for_report();
  std::atomic<bool> reported = false;
  std::jthread listener([&] {
    child.wait_for_report();
    reported = true;
  });
  CHECK(store.lock("f/2") != nullptr);
  CHECK_FALSE(reported);
  lock.reset();
  listener.join();
  CHECK(child.ended_well());
}
