#include <atomic>
#include <list>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "numpy/make_array.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "pickle/make.hpp"
#include "store/child.hpp"

#include "joblib/hash.hpp"

namespace joblib::test {

TEST_CASE("Threads hash the same Object and array at the same time") {
  const ndarray<double> array(sliced(counted<double>({100, 30}), 1, 2));
  const std::map<std::string, std::list<int>> value{{"a", {1, 2}}, {"b", {3}}};
  const Object object = in_python(value);
  const auto kept = hashed(array);
  std::vector<std::string> digests(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& digest : digests) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i)
          digest = hash(array) + hash(object) + hash(std::pair(kept, object));
      });
    }
  }
  const std::string expected = hash(array) + hash(value) + hash(std::pair(kept, value));
  CHECK(digests == std::vector<std::string>(8, expected));
}

// OpenSSL makes much of what it needs with the first digest.
TEST_CASE("Children that are forked during the first digest of a process compute some, too") {
  if (thread_sanitizer || address_sanitizer) return;  // forks may find its allocator locked
  std::atomic<bool> begins = false;
  std::list<Child> children;
  {
    const std::jthread first([&] {
      begins = true;
      begins.notify_one();
      hash(1);
    });
    begins.wait(false);
    for (int i = 0; i < 12; ++i) children.emplace_back([](Child&) { return hash(2).size() == 32; });
  }
  for (Child& child : children) CHECK(child.ended_well());
}

}  // namespace joblib::test
