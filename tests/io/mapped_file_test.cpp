#include "joblib/io/mapped_file.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "catch.hpp"
#include "core/file_tree.hpp"
#include "joblib/core/error.hpp"

using joblib::errc;
using joblib::Error;
using joblib::MmapMode;
using joblib::detail::MappedFile;
using joblib::test::FileTree;

namespace {

std::string text_of(const MappedFile& file) {
  const auto bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

errc error_of(const std::filesystem::path& path, MmapMode mode) {
  try {
    const MappedFile file(path, mode);
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Catch::Contains(path.string()));
    return error.code();
  }
  return errc{};
}

}  // namespace

TEST_CASE("A mapped file shows the bytes of the file") {
  const FileTree tree;
  tree.write("data", "some bytes");
  const auto mode = GENERATE(MmapMode::r, MmapMode::r_plus, MmapMode::w_plus, MmapMode::c);
  const MappedFile file(tree.root() / "data", mode);
  CHECK(text_of(file) == "some bytes");
  CHECK(file.is_writable() == (mode != MmapMode::r));
  CHECK(file.path() == tree.root() / "data");
}

TEST_CASE("What is written to a map goes to the file but with copy on write") {
  const FileTree tree;
  tree.write("data", "some bytes");
  const auto mode = GENERATE(MmapMode::r_plus, MmapMode::w_plus, MmapMode::c);
  {
    const MappedFile file(tree.root() / "data", mode);
    file.bytes()[5] = std::byte{'B'};
    joblib::detail::flush_mapped(file.bytes().subspan(5, 1));
    CHECK(text_of(file) == "some Bytes");
  }
  CHECK(content_of(tree.root() / "data") == (mode == MmapMode::c ? "some bytes" : "some Bytes"));
}

TEST_CASE("A mapped file outlives its name") {
  const FileTree tree;
  tree.write("data", "some bytes");
  const MappedFile file(tree.root() / "data", MmapMode::r);
  std::filesystem::remove(tree.root() / "data");
  CHECK(text_of(file) == "some bytes");
}

TEST_CASE("An empty file has no bytes to map") {
  const FileTree tree;
  tree.write("empty", "");
  const MappedFile file(tree.root() / "empty", MmapMode::r_plus);
  CHECK(file.bytes().empty());
  joblib::detail::flush_mapped(file.bytes());
}

TEST_CASE("What is no file that can be opened is not mapped") {
  const FileTree tree;
  CHECK(error_of(tree.root() / "none", MmapMode::r) == errc::not_found);
  CHECK(error_of(tree.root() / "none", MmapMode::w_plus) == errc::not_found);
  CHECK(error_of(tree.root(), MmapMode::r) == errc::io_error);
  CHECK(error_of(tree.root(), MmapMode::r_plus) == errc::io_error);
  REQUIRE(mkfifo((tree.root() / "fifo").c_str(), 0600) == 0);
  CHECK(error_of(tree.root() / "fifo", MmapMode::r) == errc::io_error);
}
