#include "joblib/io/file.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "io/bytes.hpp"
#include "io/temporary_folder.hpp"
#include "joblib/core/error.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using joblib::errc;
using joblib::Error;
using namespace joblib::detail;
using joblib_test::bytes_of;
using joblib_test::read_all;
using joblib_test::TemporaryFolder;

namespace {

template <class Action>
errc code_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    INFO(error.what());
    return error.code();
  }
  FAIL("nothing thrown");
  return {};
}

std::string content(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replace(const fs::path& path, std::string_view text, bool fsync = false) {
  AtomicFile file(path);
  file.sink().write(bytes_of(text));
  file.commit(fsync);
}

std::ptrdiff_t files_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), {});
}

fs::perms permissions(const fs::path& path) { return fs::status(path).permissions(); }

struct Umask {
  mode_t before;
  explicit Umask(mode_t mask) : before(::umask(mask)) {}
  ~Umask() { ::umask(before); }
};

}  // namespace

TEST_CASE("A file source reads from its position and knows what is left") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a") << "joblib";
  const FileDescriptor fd = open_for_reading(folder / "a");
  REQUIRE(::lseek(fd.get(), 2, SEEK_SET) == 2);
  FileSource source(fd.get(), "a");
  CHECK(source.remaining() == 4);
  CHECK(read_all(source, 3) == bytes_of("blib"));
  CHECK(source.remaining() == 0);
  CHECK(::fcntl(fd.get(), F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("A file source passes over bytes without reading them") {
  const TemporaryFolder folder;
  const std::uint64_t size = std::uint64_t{1} << 40;  // a hole, which takes minutes to read
  std::ofstream(folder / "a") << "joblib";
  fs::resize_file(folder / "a", size);
  const FileDescriptor fd = open_for_reading(folder / "a");
  FileSource source(fd.get(), "a");
  CHECK(source.skip(2) == 2);
  std::array<std::byte, 4> bytes;
  CHECK(source.read(bytes) == 4);
  CHECK(std::ranges::equal(bytes, bytes_of("blib")));
  CHECK(source.skip(size - 7) == size - 7);
  CHECK(source.skip(2) == 1);
  CHECK(source.read(bytes) == 0);
}

TEST_CASE("What is left in pipes and in files of the kernel is unknown") {
  int ends[2] = {};
  REQUIRE(::pipe(ends) == 0);
  const FileDescriptor out(ends[0]);
  {
    const FileDescriptor in(ends[1]);
    CHECK(::write(in.get(), "ab", 2) == 2);
  }
  FileSource pipe(out.get(), "pipe");
  CHECK_FALSE(pipe.remaining());
  CHECK(read_all(pipe) == bytes_of("ab"));

  const FileDescriptor status = open_for_reading("/proc/self/status");
  FileSource source(status.get(), "status");
  CHECK_FALSE(source.remaining());
  CHECK_FALSE(read_all(source).empty());
}

TEST_CASE("A pipe that is non-blocking is waited for at both ends") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  FileSource source{FileDescriptor(ends[0]), "pipe"};
  const joblib_test::Bytes sent(1'000'000, std::byte{7});
  std::jthread writer(
      [&sent, fd = FileDescriptor(ends[1])] { FileSink(fd.get(), "pipe").write(sent); });
  CHECK(read_all(source) == sent);
}

TEST_CASE("Only a regular file at its beginning is a whole one") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "file";
  replace(path, "content");
  FileSource source(open_for_reading(path), "file");
  CHECK(source.whole_file() >= 0);
  source.skip(1);
  CHECK(source.whole_file() == -1);
  CHECK(FileSource(open_for_reading("/dev/zero"), "zeros").whole_file() == -1);
}

TEST_CASE("Files that can't be read are errors that name them") {
  const TemporaryFolder folder;
  CHECK(code_of([&] { open_for_reading(folder / "missing"); }) == errc::not_found);
  CHECK(code_of([&] { open_for_reading(folder.path()); }) == errc::io_error);
  CHECK_THROWS_WITH(open_for_reading(folder / "missing"),
                    Contains("missing") && Contains("No such file or directory"));
  FileSource closed(-1, "gone.pkl");
  std::vector<std::byte> buffer(1);
  CHECK_THROWS_WITH(closed.read(buffer), Contains("gone.pkl"));
}

TEST_CASE("A file sink reports a full disk") {
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  FileSink sink(full.get(), "/dev/full");
  sink.expect(1);
  CHECK(code_of([&] { sink.write(bytes_of("x")); }) == errc::io_error);
}

TEST_CASE("Room that is reserved on the disk isn't part of the file") {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.sink().expect(0);
  file.sink().expect(100'000);
  file.sink().write(bytes_of("x"));
  file.sink().expect(UINT64_MAX);
  file.commit(false);
  CHECK(fs::file_size(folder / "a") == 1);
}

TEST_CASE("More than 2 GB go in one call", "[.][big]") {
  const std::size_t size = (std::size_t{2} << 30) + 12345;
  const TemporaryFolder folder;
  std::vector<std::byte> bytes(size);
  bytes.back() = std::byte{1};
  {
    AtomicFile file(folder / "big");
    file.sink().write(bytes);
    file.commit(false);
  }
  CHECK(fs::file_size(folder / "big") == size);
  const FileDescriptor fd = open_for_reading(folder / "big");
  FileSource source(fd.get(), "big");
  CHECK(read_all(source, size) == bytes);
}

TEST_CASE("A committed file replaces the old one, an uncommitted one leaves no trace") {
  const TemporaryFolder folder;
  const fs::path path = folder / "a";
  const bool fsync = GENERATE(false, true);
  replace(path, "old", fsync);
  {
    AtomicFile file(path);
    file.sink().write(bytes_of("new"));
    CHECK(content(path) == "old");
    CHECK(files_in(folder.path()) == 2);
  }
  CHECK(content(path) == "old");
  CHECK(files_in(folder.path()) == 1);
  replace(path, "new", fsync);
  CHECK(content(path) == "new");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("A path without a folder is one in the current folder") {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  replace("a", "text", true);
  fs::current_path(before);
  CHECK(content(folder / "a") == "text");
}

TEST_CASE("A name may be as long as the file system allows") {
  const TemporaryFolder folder;
  replace(folder / std::string(255, 'x'), "text");
  CHECK(content(folder / std::string(255, 'x')) == "text");
}

TEST_CASE("A file that is replaced keeps its permissions, a new one gets the usual ones") {
  const TemporaryFolder folder;
  const fs::path path = folder / "a";
  const Umask umask(027);
  replace(path, "1");
  CHECK(permissions(path) == fs::perms{0640});
  fs::permissions(path, fs::perms{0604});
  replace(path, "2");
  CHECK(permissions(path) == fs::perms{0604});
  fs::permissions(path, fs::perms{0444});
  if (::access(path.c_str(), W_OK) != 0) {  // not as root
    CHECK(code_of([&] { replace(path, "3"); }) == errc::io_error);
  }
}

TEST_CASE("A symbolic link stays one and what it points to is replaced") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "there");
  fs::create_symlink("there/file", folder / "link");
  fs::create_symlink("link", folder / "link to link");
  replace(folder / "link to link", "made");
  replace(folder / "link", "replaced");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(content(folder / "there" / "file") == "replaced");
  CHECK(files_in(folder / "there") == 1);

  fs::create_symlink("circle", folder / "circle");
  CHECK(code_of([&] { AtomicFile file(folder / "circle"); }) == errc::io_error);
}

TEST_CASE("What is no regular file is written directly") {
  replace("/dev/null", "text", true);
  CHECK(fs::is_character_file("/dev/null"));

  const TemporaryFolder folder;
  const fs::path fifo = folder / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  std::string read;
  std::jthread reader([&] { read = content(fifo); });
  replace(fifo, "text");
  reader.join();
  CHECK(read == "text");
  CHECK(fs::is_fifo(fifo));
}

TEST_CASE("Targets that can't be written are errors that name them") {
  const TemporaryFolder folder;
  CHECK(code_of([&] { AtomicFile file(folder.path()); }) == errc::io_error);
  CHECK(code_of([&] { AtomicFile file(folder / "no" / "file"); }) == errc::not_found);
  CHECK_THROWS_WITH(AtomicFile(folder / "no" / "file"), Contains("no/file"));
  CHECK(files_in(folder.path()) == 0);
}

TEST_CASE("A descriptor is none of the standard streams where the program has closed those") {
  const bool filled = GENERATE(false, true);
  const auto opened = [] { return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); };
  std::array<FileDescriptor, 3> streams;
  for (int i = 0; i < 3; ++i) {
    streams[static_cast<std::size_t>(i)] = FileDescriptor(::dup(i));
    ::close(i);
  }
  bool apart = true;
  for (int i = 0; i < 4; ++i) apart = apart && opened().get() > 2;
  const FileDescriptor file = opened();
  const bool closed_on_exec = ::fcntl(file.get(), F_GETFD) == FD_CLOEXEC;
  if (filled) fill_closed_streams();
  const bool streams_are_free =
      ::fcntl(0, F_GETFD) < 0 && ::fcntl(1, F_GETFD) < 0 && ::fcntl(2, F_GETFD) < 0;
  for (int i = 0; i < 3; ++i) ::dup2(streams[static_cast<std::size_t>(i)].get(), i);
  CHECK(apart);
  CHECK(closed_on_exec);
  CHECK(streams_are_free == !filled);
}
