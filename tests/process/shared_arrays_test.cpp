#include "joblib/process/detail/shared_arrays.hpp"

#include <cstdint>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <limits>
#include <set>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>

#include "catch.hpp"
#include "core/environment_guard.hpp"
#include "core/file_tree.hpp"
#include "joblib/io/mapped_file.hpp"
#include "numpy/make_array.hpp"
#include "store/child.hpp"

namespace {

namespace fs = std::filesystem;
using joblib::Order;
using joblib::detail::Array;
using joblib::detail::ArrayPlace;
using joblib::detail::FileDescriptor;
using joblib::detail::FileList;
using joblib::detail::LastingArrays;
using joblib::detail::MessageFiles;
using joblib::detail::ReceivedFiles;
using joblib::detail::renounced_file;
using joblib::detail::SharingOptions;
using joblib::test::counted;
using joblib::test::EnvironmentGuard;
using joblib::test::FileTree;

std::string name_of(const FileDescriptor& file) {
  return fs::read_symlink("/proc/self/fd/" + std::to_string(file.get()));
}

bool are_there(const Array& array, const FileList& files, const ArrayPlace& place) {
  const auto map = ReceivedFiles(files).map(place.file, place.mode);
  return std::memcmp(map->bytes().data() + place.offset, array.data.get(), array.nbytes()) == 0;
}

std::set<std::string> names_in(const FileTree& folder) {
  std::set<std::string> names;
  for (const auto& each : fs::directory_iterator(folder.root()))
    names.insert(each.path().filename());
  return names;
}

void make_older(const fs::path& path, std::time_t seconds) {
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  const timespec time = {.tv_sec = status.st_mtime - seconds, .tv_nsec = 0};
  const timespec times[2] = {time, time};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("Arrays are in shared memory up to a bound, and in files beyond it") {
  const FileTree folder;
  const EnvironmentGuard other("JOBLIB_TEMP_FOLDER", nullptr);
  const EnvironmentGuard system("TMPDIR", folder.root().c_str());
  const bool is_full = GENERATE(false, true);
  const SharingOptions options = {
      .max_nbytes = 0, .most_memory = is_full ? 0 : std::numeric_limits<std::uint64_t>::max()};
  const std::string expected = is_full ? folder.root().string() + '/' : "/memfd:";
  const Array array = counted<std::int64_t>({1000});

  CHECK(name_of(*joblib::detail::new_array_file(options)).starts_with(expected));
  LastingArrays lasting(options);
  CHECK(name_of(*lasting.file_of(array, Order::C)).starts_with(expected));
  MessageFiles message(options);
  const auto first = message.put(counted<std::int64_t>({1000}), Order::C);
  const auto second = message.put(counted<std::int64_t>({1000}), Order::C);
  REQUIRE(first);
  REQUIRE(second);
  const FileList files = message.take();
  REQUIRE(files.size() == 1);
  CHECK(name_of(*files.front()).starts_with(expected));
  CHECK(are_there(array, files, *first));
  CHECK(are_there(array, files, *second));
  CHECK(fs::is_empty(folder.root()));
}

TEST_CASE("A file that had to have a name loses it, also when its process is killed before that") {
  const FileTree folder;
  CHECK(renounced_file(folder.root()).get() >= 0);
  CHECK(fs::is_empty(folder.root()));
  CHECK(renounced_file(folder.root() / "none").get() < 0);

  joblib::test::Child child([&](joblib::test::Child& self) -> bool {
    self.report();
    for (;;) renounced_file(folder.root());
  });
  child.wait_for_report();
  child.kill();
  folder.write("joblib-array-kiLLed", "as if it was killed at the worst moment");
  for (const std::string& name : names_in(folder)) make_older(folder.root() / name, 60);
  folder.write("joblib-array-livIng", "of a process that goes on");
  folder.write("my-joblib-array", "of somebody else");
  make_older(folder.root() / "my-joblib-array", 3600);
  CHECK(renounced_file(folder.root()).get() >= 0);
  CHECK(names_in(folder) == std::set<std::string>{"joblib-array-livIng", "my-joblib-array"});
}
