#include <list>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "numpy/make_array.hpp"
#include "pickle/make.hpp"

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

}  // namespace joblib::test
