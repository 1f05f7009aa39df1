// Arrays on their way to other processes and back.

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <ranges>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

#include "catch.hpp"
#include "core/environment_guard.hpp"
#include "io/temporary_folder.hpp"
#include "joblib/hash.hpp"
#include "joblib/parallel.hpp"
#include "joblib/persistence.hpp"
#include "process/children.hpp"

using joblib::delayed;
using joblib::MmapMode;
using joblib::ndarray;
using joblib::Order;
using joblib::Parallel;
using joblib::ParallelOptions;
using joblib::test::EnvironmentGuard;
using joblib::test::open_descriptors;
using joblib_test::TemporaryFolder;

namespace {

using Doubles = std::vector<double>;
using Read = ndarray<const double>;
using Written = ndarray<double>;

constexpr std::size_t large = 300'000;  // elements: more than 1 MiB

ParallelOptions with_arrays(ParallelOptions options = {}) {
  options.n_jobs = 2;
  options.backend = "loky";
  return options;
}

Doubles numbers(std::size_t count = large) {
  Doubles values(count);
  std::iota(values.begin(), values.end(), 0.0);
  return values;
}

// Its pickler makes an array for a moment, with two handles.
struct Made {
  int value;
};

// No array, though it has data().
class Wrapped {
 public:
  explicit Wrapped(Doubles values) : values_(std::move(values)) {}
  const Doubles& data() const { return values_; }

 private:
  Doubles values_;
};

}  // namespace

template <>
struct joblib::pickler<Made> {
  static std::pair<Read, Read> to_state(const Made& made) {
    const Written values = Written::adopt(Doubles(100, made.value));
    return {values, values};
  }
  static Made from_state(const std::pair<Read, Read>& state) {
    return {static_cast<int>(state.second(99))};
  }
};

template <>
struct joblib::pickler<Wrapped> {
  static Doubles to_state(const Wrapped& wrapped) { return wrapped.data(); }
  static Wrapped from_state(Doubles values) { return Wrapped(std::move(values)); }
};

namespace {

// What is mapped where these elements are: inode and name of the file; "0 " for plain memory.
std::string file_of(const void* elements) {
  const auto address = reinterpret_cast<std::uintptr_t>(elements);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    std::string inode, skipped, name;
    char dash = '\0';
    fields >> std::hex >> begin >> dash >> end >> skipped >> skipped >> skipped >> inode;
    std::getline(fields >> std::ws, name);
    if (address >= begin && address < end) return inode + ' ' + name;
  }
  return "unknown";
}

bool is_shared_memory(const std::string& file) {
  return file.find("/memfd:joblib") != std::string::npos;
}

std::string file_of_array(const Read& values) { return file_of(values.data()); }
std::string file_of_span(std::span<const double> values) { return file_of(values.data()); }
std::string file_of_vector(const Doubles& values) { return file_of(values.data()); }

double sum(const Read& values) { return std::accumulate(values.begin(), values.end(), 0.0); }
double sum_of_span(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}
double sum_of_vector(const Doubles& values) { return sum_of_span(values); }

// What the elements add up to after one of them has been changed.
double change(Written values) {
  values(0) += 1000;
  return sum(values);
}

Written make(std::size_t count) {
  Written values({count});
  std::iota(values.begin(), values.end(), 0.0);
  return values;
}
Doubles make_vector(std::size_t count) { return numbers(count); }

// The files by which an argument reaches 20 tasks.
template <class Function, class Argument>
std::set<std::string> files_of_20(Function function, const Argument& argument,
                                  ParallelOptions options = {}) {
  Parallel parallel(with_arrays(std::move(options)));
  const auto files = parallel(std::views::iota(0, 20) | std::views::transform([&](int) {
                                return delayed(function)(argument);
                              }));
  return {files.begin(), files.end()};
}

}  // namespace

TEST_CASE("Large arrays are in memory that workers share, once") {
  const Doubles values = numbers();
  const Read array = Written::adopt(numbers());
  for (const auto& files : {files_of_20(file_of_array, array),
                            files_of_20(file_of_span, std::span<const double>(values))}) {
    REQUIRE(files.size() == 1);
    CHECK(is_shared_memory(*files.begin()));
  }
  // Whoever wants a container of its own gets a copy.
  for (const std::string& file : files_of_20(file_of_vector, std::cref(values)))
    CHECK_FALSE(is_shared_memory(file));
}

TEST_CASE("Arrays that are part of what is referred to are written once") {
  const std::vector<Read> arrays = {Written::adopt(numbers()), Written::adopt(numbers())};
  const auto file_of_last = [](const std::vector<Read>& values) {
    return file_of(values.back().data());
  };
  CHECK(files_of_20(file_of_last, std::cref(arrays)).size() == 1);
  // What a pickler makes for a moment is no array that lasts, wherever it is.
  std::vector<Made> made;
  for (int i = 0; i < 200; ++i) made.push_back({i});
  const auto values = [](const std::vector<Made>& all) {
    std::vector<int> result;
    for (const Made& each : all) result.push_back(each.value);
    return result;
  };
  const std::vector<int> back =
      std::get<0>(Parallel(with_arrays({.max_nbytes = 100}))(delayed(values)(std::cref(made))));
  for (int i = 0; i < 200; ++i) REQUIRE(back[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("What merely looks like an array can be referred to") {
  const auto sum_of = [](const Wrapped& wrapped) { return sum_of_vector(wrapped.data()); };
  const Wrapped wrapped(numbers());
  CHECK(std::get<0>(Parallel(with_arrays())(delayed(sum_of)(std::cref(wrapped)))) ==
        sum_of_vector(numbers()));
}

TEST_CASE("Received arrays are the same values as in memory") {
  const auto digest = [](const Read& array) { return joblib::hash(array); };
  Parallel parallel(with_arrays());
  const Written array = make(large);
  const std::string in_memory = joblib::hash(array);
  CHECK(parallel(delayed(digest)(array), delayed(digest)(make(large))) ==
        std::tuple(in_memory, in_memory));
  const auto [result] = parallel(delayed(make)(large));
  CHECK(joblib::hash(result) == in_memory);
  CHECK_FALSE(result.mapped());
}

TEST_CASE("Shared arrays have their elements, shape and order") {
  const Doubles values = numbers();
  const double total = sum_of_vector(values);
  Parallel parallel(with_arrays());
  CHECK(parallel(delayed(sum_of_vector)(values), delayed(sum_of_vector)(std::cref(values)),
                 delayed(sum)(Written::adopt(values)),
                 delayed(sum_of_span)(std::span<const double>(values))) ==
        std::tuple(total, total, total, total));
  const auto same = [](const Read& array) { return array; };
  const Written plain = Written::adopt(values).reshape({100, 30, 100});
  const Written fortran = plain.copy(Order::F);
  const Written reversed = Written::adopt(
      std::shared_ptr<double>(std::make_shared<int>(), plain.data() + (large - 1)), {large}, {-1});
  for (const Read& array : {Read(plain), Read(fortran), Read(reversed)}) {
    const Read back = std::get<0>(parallel(delayed(same)(array)));
    CHECK(back == array);
    CHECK(back.is_contiguous(Order::F) == (array.is_contiguous(Order::F) || array.ndim() == 1));
  }
}

TEST_CASE("max_nbytes is the size up to which arrays are copied") {
  const auto is_shared = [](std::size_t bytes, joblib::MaxBytes max_nbytes) {
    const Read array = Written::adopt(numbers(bytes / sizeof(double)));
    return is_shared_memory(*files_of_20(file_of_array, array, {.max_nbytes = max_nbytes}).begin());
  };
  CHECK_FALSE(is_shared(1 << 20, {}));
  CHECK(is_shared((1 << 20) + 8, {}));
  CHECK_FALSE(is_shared(800, "0.8K"));
  CHECK(is_shared(800, 799));
  CHECK_FALSE(is_shared(10 << 20, joblib::never));
}

TEST_CASE("temp_folder, or the environment, has the shared arrays in a folder") {
  const TemporaryFolder folder;
  const Read array = Written::adopt(numbers());
  const auto is_in = [](const std::set<std::string>& files, const std::filesystem::path& path) {
    REQUIRE(files.size() == 1);
    return files.begin()->find(path.string()) != std::string::npos &&
           std::filesystem::is_empty(path);
  };
  CHECK(is_in(files_of_20(file_of_array, array, {.temp_folder = folder / "new/folder"}),
              folder / "new/folder"));
  const EnvironmentGuard guard("JOBLIB_TEMP_FOLDER", (folder / "other").c_str());
  CHECK(is_in(files_of_20(file_of_array, array), folder / "other"));
}

TEST_CASE("A folder for arrays that can't be is an error") {
  const TemporaryFolder folder;
  std::ofstream(folder / "file");
  const Read array = Written::adopt(numbers());
  CHECK_THROWS_AS(files_of_20(file_of_array, array, {.temp_folder = folder / "file"}),
                  joblib::Error);
}

TEST_CASE("An array that is mapped travels as its file") {
  const TemporaryFolder folder;
  const std::string path = (folder / "values.pkl").string();
  joblib::dump(numbers(), path);
  const auto mapped = joblib::load<Read>(path, {.mmap_mode = MmapMode::r});
  const auto files = files_of_20(file_of_array, mapped);
  REQUIRE(files.size() == 1);
  CHECK(files.begin()->ends_with(path));
  Parallel parallel(with_arrays());
  CHECK(std::get<0>(parallel(delayed(sum)(mapped))) == sum(mapped));

  // Where the file has another name by now, or none, the elements still come.
  std::filesystem::remove(path);
  CHECK(is_shared_memory(*files_of_20(file_of_array, mapped).begin()));
  joblib::dump(Doubles(large, 7.0), path);
  CHECK(std::get<0>(parallel(delayed(sum)(mapped))) == sum(mapped));
}

TEST_CASE("An array that came from another process is passed on as it is") {
  const auto pass_on = [](const Read& values) { return std::pair(file_of(values.data()), values); };
  const auto pass_down = [](const Read& values) {
    return std::pair(file_of(values.data()),
                     *files_of_20(file_of_array, values, {.max_nbytes = 1}).begin());
  };
  Parallel parallel(with_arrays());
  const Read array = Written::adopt(numbers());
  // One that other tasks have, too, and one that they don't.
  for (const bool lasts : {true, false}) {
    CAPTURE(lasts);
    const auto argument = [&] { return lasts ? array : Read(make(large)); };
    const auto [passed, down] =
        parallel(delayed(pass_on)(argument()), delayed(pass_down)(argument()));
    CHECK(is_shared_memory(passed.first));
    CHECK(passed.first == file_of(passed.second.data()));
    CHECK(passed.second == array);
    CHECK(down.first == down.second);
    // And from here to the next call.
    CHECK(files_of_20(file_of_array, passed.second) == std::set<std::string>{passed.first});
  }
}

TEST_CASE("Of an array that came from another process changes are passed on") {
  const double total = sum_of_vector(numbers());
  Parallel parallel(with_arrays());
  const auto [result] = parallel(delayed(make)(large));
  const std::string file = file_of(result.data());
  CHECK(files_of_20(file_of_array, Read(result)) == std::set<std::string>{file});
  result(large - 1) += 5;
  CHECK_FALSE(files_of_20(file_of_array, Read(result)).contains(file));
  CHECK(std::get<0>(parallel(delayed(change)(result))) == total + 1005);
  CHECK(sum(result) == total + 5);
  const auto change_and_pass_on = [](Written values) {
    values(0) += 1000;
    return values;
  };
  CHECK(sum(std::get<0>(parallel(delayed(change_and_pass_on)(result)))) == total + 1005);
  CHECK(sum(result) == total + 5);
}

TEST_CASE("Many arrays that came from other processes don't keep as many files open") {
  Parallel parallel(with_arrays({.batch_size = 1, .max_nbytes = 1000}));
  const std::ptrdiff_t before = open_descriptors();
  const std::vector<Written> arrays = parallel.map(make, std::vector<std::size_t>(200, 1000));
  CHECK(open_descriptors() < before + 80);
  CHECK(parallel.map(sum, arrays) == Doubles(200, sum(make(1000))));
}

TEST_CASE("Changes of an array go where its map says") {
  const TemporaryFolder folder;
  const std::string path = (folder / "values.pkl").string();
  joblib::dump(numbers(), path);
  const double total = sum_of_vector(numbers());
  Parallel parallel(with_arrays());

  const auto shared = joblib::load<Written>(path, {.mmap_mode = MmapMode::r_plus});
  CHECK(std::get<0>(parallel(delayed(change)(shared))) == total + 1000);
  CHECK(sum(shared) == total + 1000);
  CHECK(sum(joblib::load<Read>(path)) == total + 1000);

  const auto own = joblib::load<Written>(path, {.mmap_mode = MmapMode::c});
  own(1) += 5;
  CHECK(std::get<0>(parallel(delayed(change)(own))) == total + 2005);
  CHECK(sum(own) == total + 1005);
}

TEST_CASE("A task may change its array, which others don't see") {
  const Written array = Written::adopt(numbers());
  const double total = sum(array);
  for (const auto mode : {MmapMode::r, MmapMode::c}) {
    Parallel parallel(with_arrays({.batch_size = 5, .mmap_mode = mode}));
    const Doubles sums = parallel(std::views::iota(0, 20) | std::views::transform([&](int) {
                                    return delayed(change)(array);
                                  }));
    CHECK(sums == Doubles(20, total + 1000));
  }
  CHECK(sum(array) == total);
}

TEST_CASE("With mmap_mode r+ tasks see what others have changed") {
  const Written array = Written::adopt(numbers());
  const double total = sum(array);
  Parallel parallel(with_arrays({.batch_size = 4, .mmap_mode = MmapMode::r_plus}));
  const Doubles sums = parallel(std::views::iota(0, 4) |
                                std::views::transform([&](int) { return delayed(change)(array); }));
  CHECK(sums == Doubles({total + 1000, total + 2000, total + 3000, total + 4000}));
  CHECK(sum(array) == total);
}

TEST_CASE("Large results come back in shared memory") {
  const std::string backend = GENERATE("loky", "multiprocessing");
  CAPTURE(backend);
  Parallel parallel({.n_jobs = 2, .backend = backend});
  const auto [array, vector] = parallel(delayed(make)(large), delayed(make_vector)(large));
  CHECK(is_shared_memory(file_of(array.data())));
  CHECK(array == make(large));
  CHECK(vector == numbers());
  const std::vector<std::size_t> sizes = {0, 10, large, large + 1, 10, 2 * large};
  const auto arrays = parallel.map(make, sizes);
  for (std::size_t i = 0; i < sizes.size(); ++i) CHECK(arrays[i] == make(sizes[i]));
  const auto nested = [](std::size_t count) {
    return std::tuple(1, make_vector(count), make(count));
  };
  CHECK(std::get<0>(parallel(delayed(nested)(large))) == std::tuple(1, numbers(), make(large)));
}

TEST_CASE("A result that many share is changed alone") {
  const auto two = [](std::size_t count) {
    const Written values = make(count);
    return std::pair(values, values);
  };
  Parallel parallel(with_arrays());
  const auto [pair] = parallel(delayed(two)(large));
  pair.first(0) = 1000;
  CHECK(pair.second == make(large));
}

TEST_CASE("Arrays are sent again to the worker that replaces one that died") {
  const TemporaryFolder folder;
  const auto crash_once = [](const std::string& path, Written values) {
    values(0) += 1000;
    if (std::filesystem::create_directory(path)) std::raise(SIGKILL);
    return sum(values);
  };
  const Written array = Written::adopt(numbers());
  Parallel parallel(with_arrays({.backend_options = {{"retries", std::int64_t{1}}}}));
  const std::string once = (folder / "1").string();
  const std::string twice = (folder / "2").string();
  CHECK(parallel(delayed(crash_once)(once, array),
                 delayed(crash_once)(twice, Written::adopt(numbers()))) ==
        std::tuple(sum(array) + 1000, sum(array) + 1000));
}

TEST_CASE("Files of arrays are closed when nobody needs them any more") {
  Parallel parallel(with_arrays());
  (void)parallel.map(make, std::vector<std::size_t>{1, 1});
  joblib::shutdown();  // and again below: how many workers are needed is chance
  const std::ptrdiff_t before = open_descriptors();
  std::ptrdiff_t most = 0;
  const auto tasks = std::views::iota(0, 200) | std::views::transform([&](int i) {
                       most = std::max(most, open_descriptors());
                       return delayed(sum)(Written::adopt(Doubles(large, i)));
                     });
  {
    const Doubles sums = parallel(tasks);
    for (std::size_t i = 0; i < sums.size(); ++i)
      REQUIRE(sums[i] == static_cast<double>(large * i));
  }
  joblib::shutdown();
  CHECK(open_descriptors() == before);
  CHECK(most < before + 50);
}

TEST_CASE("A call may have more arrays than a process may have files") {
  std::vector<Doubles> arrays;
  for (int i = 0; i < 300; ++i) arrays.emplace_back(1000, i);
  const auto first = [](std::span<const double> values) { return values.front(); };
  Parallel parallel(with_arrays({.batch_size = 300, .max_nbytes = 1000}));
  const Doubles results = parallel(arrays | std::views::transform([&](const Doubles& values) {
                                     return delayed(first)(std::span<const double>(values));
                                   }));
  for (std::size_t i = 0; i < results.size(); ++i) CHECK(results[i] == static_cast<double>(i));
}
