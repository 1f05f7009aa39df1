// Arrays that are maps of their file.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <vector>

#include "core/file_tree.hpp"
#include "core/sink_guard.hpp"
#include "make.hpp"

namespace joblib::test {
namespace {

namespace fs = std::filesystem;

struct Mapped {
  FileTree folder = {};
  fs::path file = folder.root() / "array.pkl";
};

std::vector<std::string> warnings_of(const std::function<void()>& action) {
  std::vector<std::string> texts;
  const SinkGuard guard([&](const LogRecord& record) {
    if (record.level == LogLevel::warning) texts.push_back(std::string(record.text));
  });
  action();
  return texts;
}

// Of the elements' map, in this process.
std::size_t resident_bytes(const ndarray<const double>& array) {
  const auto address = reinterpret_cast<std::uintptr_t>(array.data());
  std::ifstream smaps("/proc/self/smaps");
  bool found = false;
  for (std::string line; std::getline(smaps, line);) {
    std::uintptr_t begin = 0, end = 0;
    std::size_t kilobytes = 0;
    if (std::sscanf(line.c_str(), "%zx-%zx ", &begin, &end) == 2) {
      found = begin <= address && address < end;
    } else if (found && std::sscanf(line.c_str(), "Rss: %zu", &kilobytes) == 1) {
      return kilobytes * 1024;
    }
  }
  FAIL("no map holds the array");
  return 0;
}

}  // namespace

TEST_CASE_METHOD(Mapped, "A mapped array has the elements of the file") {
  const ndarray<double> columns({3, 2}, Order::F);
  columns(2, 1) = 7;
  dump(std::pair("x", columns), file);
  const auto loaded =
      load<std::pair<std::string, ndarray<const double>>>(file, {.mmap_mode = MmapMode::r}).second;
  CHECK(loaded.mapped());
  CHECK(loaded == columns);
  CHECK(loaded.is_contiguous(Order::F));
  fs::remove(file);
  CHECK(loaded(2, 1) == 7);
}

TEST_CASE_METHOD(Mapped, "No element of a mapped array is read when it is loaded") {
  constexpr std::size_t size = std::size_t{1} << 23;
  dump(ndarray<double>({size}), file);
  const auto loaded = load<ndarray<const double>>(file, {.mmap_mode = MmapMode::r});
  CHECK(resident_bytes(loaded) < 1 << 20);
  std::vector<double> copy(loaded.begin(), loaded.end());
  CHECK(resident_bytes(loaded) > 1 << 25);
}

TEST_CASE_METHOD(Mapped, "What is written to an array mapped with r+ reaches the file") {
  const MmapMode mode = GENERATE(MmapMode::r_plus, MmapMode::w_plus);
  dump(std::vector{1, 2, 3}, file);
  {
    const auto mapped = load<ndarray<int>>(file, {.mmap_mode = mode});
    CHECK(mapped.mapped());
    mapped(1) = 20;
    mapped.flush();
  }
  CHECK(load<std::vector<int>>(file) == std::vector{1, 20, 3});
}

TEST_CASE_METHOD(Mapped, "What is written to an array mapped with c stays in the process") {
  dump(std::vector{1, 2, 3}, file);
  const auto mapped = load<ndarray<int>>(file, {.mmap_mode = MmapMode::c});
  mapped(1) = 20;
  CHECK(mapped(1) == 20);
  CHECK(load<std::vector<int>>(file) == std::vector{1, 2, 3});
}

TEST_CASE_METHOD(Mapped, "An array that is mapped for reading can't be had for writing") {
  dump(std::vector{1, 2, 3}, file);
  CHECK_THROWS_AS(load<ndarray<int>>(file, {.mmap_mode = MmapMode::r}), Error);
  CHECK(load<std::vector<int>>(file, {.mmap_mode = MmapMode::r}) == std::vector{1, 2, 3});
}

TEST_CASE_METHOD(Mapped, "Objects have mapped arrays, too") {
  dump(std::map<std::string, std::vector<double>>{{"a", {1, 2}}, {"b", {}}}, file);
  const Object object = load(file, {.mmap_mode = MmapMode::r});
  CHECK(object["a"].as<ndarray<const double>>().mapped());
  CHECK(object["a"].as<std::vector<double>>() == std::vector{1.0, 2.0});
  CHECK(object["b"].size() == 0);
  CHECK(in_python(object) == object);
}

TEST_CASE_METHOD(Mapped,
                 "Foreign byte orders stay as they are in maps, and are converted for C++") {
  dump(numpy_array(">i2", bytes(std::string_view("\0\1\0\2", 4)), {2}), file);
  CHECK(load(file, {.mmap_mode = MmapMode::r}).dtype().str() == ">i2");
  CHECK(load<std::vector<int>>(file, {.mmap_mode = MmapMode::r}) == std::vector{1, 2});
  const auto converted = load<ndarray<const std::int16_t>>(file, {.mmap_mode = MmapMode::r});
  CHECK(converted(1) == 2);
  CHECK_FALSE(converted.mapped());
}

TEST_CASE_METHOD(Mapped, "A compressed file can't be mapped, which is warned of") {
  dump(std::vector{1, 2, 3}, file, {.compress = true});
  ndarray<const int> array;
  CHECK(warnings_of([&] { array = load<ndarray<const int>>(file, {.mmap_mode = MmapMode::r}); }) ==
        std::vector<std::string>{"mmap_mode \"r\" is not compatible with compressed file " +
                                 file.string() + ". \"r\" flag will be ignored."});
  CHECK_FALSE(array.mapped());
  CHECK(array(2) == 3);
}

TEST_CASE("Bytes in memory can't be mapped, which is warned of") {
  const bytes dumped = dumps(std::vector{1, 2, 3});
  CHECK(warnings_of([&] {
          CHECK(loads<std::vector<int>>(dumped, {.mmap_mode = MmapMode::c}).size() == 3);
        }).size() == 1);
}

TEST_CASE("Files of joblib until 1.1 are mapped, and warned of where their arrays lie badly") {
  const fs::path file = JOBLIB_TEST_DATA "/vectors/legacy_1.1_no_padding.pkl";
  const Object read = load(file);
  Object mapped;
  const auto warnings = warnings_of([&] { mapped = load(file, {.mmap_mode = MmapMode::r}); });
  CHECK(mapped == read);
  CHECK(warnings.size() <= 1);
  for (const std::string& warning : warnings) {
    CAPTURE(warning);
    CHECK(warning.find(file.string() + " is not byte aligned.") != std::string::npos);
  }
}

TEST_CASE_METHOD(Mapped, "A file that is missing or a folder can't be mapped") {
  CHECK_FALSE(error_of(errc::not_found, [&] { load(file, {.mmap_mode = MmapMode::r}); }).empty());
  CHECK_FALSE(
      error_of(errc::io_error, [&] { load(folder.root(), {.mmap_mode = MmapMode::r}); }).empty());
}

TEST_CASE_METHOD(Mapped, "A file that is too short for its arrays is an error") {
  dump(std::vector<double>(1000), file);
  fs::resize_file(file, fs::file_size(file) - 100);
  CHECK_FALSE(
      error_of(errc::corrupt_data, [&] { load(file, {.mmap_mode = MmapMode::r}); }).empty());
}

}  // namespace joblib::test
