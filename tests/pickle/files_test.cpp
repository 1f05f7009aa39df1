// Where values are dumped to and loaded from: files, streams, descriptors, memory.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <list>
#include <map>
#include <sstream>

#include "core/file_tree.hpp"
#include "joblib/hash.hpp"
#include "make.hpp"

namespace joblib::test {

namespace fs = std::filesystem;

struct Unwritable {};

}  // namespace joblib::test

template <>
struct joblib::pickler<joblib::test::Unwritable> {
  static int to_state(const joblib::test::Unwritable&) { throw std::runtime_error("no"); }
};

namespace joblib::test {
namespace {

std::size_t count_files(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("A file appears complete or not at all") {
  const FileTree folder;
  const fs::path file = folder.root() / "value.pkl";
  dump(1, file);
  CHECK(load<int>(file) == 1);
  CHECK_THROWS_WITH(dump(std::tuple(std::vector<double>(100'000), Unwritable()), file), "no");
  CHECK(load<int>(file) == 1);
  CHECK_THROWS_AS(dump("\xff", file), Error);
  CHECK(load<int>(file) == 1);
  CHECK(count_files(folder.root()) == 1);
  dump(2, file, {.fsync = true});
  CHECK(load<int>(file) == 2);
}

TEST_CASE("The ending of the name chooses the compressor, unless one is given") {
  const FileTree folder;
  const auto first_bytes = [&](const char* name, const DumpOptions& options = {}) {
    const fs::path path = folder.root() / name;
    dump(std::string(1000, 'x'), path, options);
    CHECK(load<std::string>(path) == std::string(1000, 'x'));
    std::ifstream file(path, std::ios::binary);
    std::string bytes(2, '\0');
    file.read(bytes.data(), 2);
    return bytes;
  };
  CHECK(first_bytes("a.pkl") == "\x80\x04");
  CHECK(first_bytes("a.z")[0] == 'x');
  CHECK(first_bytes("a.pkl.gz") == "\x1f\x8b");
  CHECK(first_bytes("a.bz2") == "BZ");
  CHECK(first_bytes("a.xz") ==
        "\xfd"
        "7");
  CHECK(first_bytes("a.lzma") == std::string("]\0", 2));
  CHECK(first_bytes("a.pkl", {.compress = true})[0] == 'x');
  CHECK(first_bytes("a.pkl", {.compress = 9}) == "x\xda");
  CHECK(first_bytes("a.gz", {.compress = 9}) == "\x1f\x8b");
  CHECK(first_bytes("a.gz", {.compress = false}) == "\x1f\x8b");
  CHECK(first_bytes("a.gz", {.compress = "bz2"}) == "BZ");
  CHECK(first_bytes("a.gz", {.compress = {"bz2", 0}}) == "\x80\x04");
  CHECK(first_bytes("a.pkl", {.compress = {"gzip", 6}}) == "\x1f\x8b");
}

TEST_CASE("Options that make no sense are errors") {
  const auto refused = [](const DumpOptions& options) {
    CAPTURE(options.protocol, options.alignment, options.n_threads);
    return !error_of(errc::invalid_argument, [&] { dumps(std::vector{1}, options); }).empty();
  };
  for (const int protocol : {-1, 0, 1, 6}) CHECK(refused({.protocol = protocol}));
  for (const std::size_t alignment : {0, 3, 48, 256}) CHECK(refused({.alignment = alignment}));
  for (const int n_threads : {0, -2}) {
    CHECK(refused({.n_threads = n_threads}));
    CHECK(refused({.compress = true, .n_threads = n_threads}));
    CHECK(!error_of(errc::invalid_argument, [&] {
             loads(dumps(1), {.n_threads = n_threads});
           }).empty());
  }
  for (const int level : {-1, 10}) CHECK(refused({.compress = level}));
  CHECK(error_of(errc::invalid_argument, [] { dumps(1, {.compress = "zip"}); }).find("zip") !=
        std::string::npos);
  CHECK(error_of(errc::invalid_argument, [] {
          loads(dumps(1), {.mmap_mode = MmapMode::r, .ensure_native_byte_order = true});
        }).find("'mmap_mode=r'") != std::string::npos);
}

TEST_CASE("Files that can't be read or written are errors that name them") {
  const FileTree folder;
  const fs::path missing = folder.root() / "missing.pkl";
  const auto names = [](const std::string& text, const fs::path& path) {
    CAPTURE(text);
    return text.find(path.string()) != std::string::npos;
  };
  CHECK(names(error_of(errc::not_found, [&] { load(missing); }), missing));
  CHECK(names(error_of(errc::io_error, [&] { load(folder.root()); }), folder.root()));
  CHECK_THROWS_AS(dump(1, folder.root()), Error);
  CHECK_THROWS_AS(dump(1, folder.root() / "no folder" / "a.pkl"), Error);
  folder.write("text", "no pickle");
  CHECK(names(error_of(errc::corrupt_data, [&] { load(folder.root() / "text"); }),
              folder.root() / "text"));
  CHECK(count_files(folder.root()) == 1);
  if (geteuid() != 0) {  // root may write everywhere
    fs::permissions(folder.root(), fs::perms::owner_read | fs::perms::owner_exec);
    CHECK_THROWS_AS(dump(1, missing), Error);
    fs::permissions(folder.root(), fs::perms::owner_all);
  }
}

TEST_CASE("A value that doesn't fit is an error that names the file and the place in it") {
  const FileTree folder;
  const fs::path file = folder.root() / "model.pkl";
  dump(std::map<std::string, std::list<Object>>{{"coef_", {Object(1.5), Object("x")}}}, file);
  using Coefficients = std::map<std::string, std::vector<double>>;
  CHECK(error_of(errc::type_mismatch, [&] { load<Coefficients>(file); }) ==
        file.string() + ": at ['coef_'][1]: expected float, found str");
}

TEST_CASE("A value that Python can't have is an error that names the file and the place in it") {
  const FileTree folder;
  const fs::path file = folder.root() / "model.pkl";
  using Inner = std::map<int, std::pair<int, std::list<std::string>>>;
  const std::map<std::string, Inner> value{{"good", {}},
                                           {"names", {{1, {}}, {7, {5, {"a", "\xff"}}}}}};
  const auto ends_with_place = [](const std::string& text, const std::string& begin) {
    CAPTURE(text);
    return text.starts_with(begin + "at ['names'][7][1][1]: a string is not valid UTF-8");
  };
  const auto error_of_dump = [&](const auto& target) {
    return error_of(errc::invalid_argument, [&] { dump(value, target); });
  };
  CHECK(ends_with_place(error_of_dump(file), file.string() + ": "));
  CHECK(count_files(folder.root()) == 0);
  CHECK(ends_with_place(error_of(errc::invalid_argument, [&] { dumps(value); }), ""));
  CHECK(ends_with_place(error_of(errc::invalid_argument, [&] { static_cast<void>(Object(value)); }),
                        ""));
  CHECK(ends_with_place(error_of(errc::invalid_argument, [&] { joblib::hash(value); }), ""));
  std::ostringstream stream;
  CHECK(ends_with_place(error_of(errc::invalid_argument, [&] { dump(value, stream); }),
                        "output stream: "));
}

TEST_CASE("Text that is not UTF-8 is an error that tells what to do") {
  const std::string text = GENERATE("\xff", "a\x80", "\xc0\x80", "\xf5\x80\x80\x80", "\xe2\x82");
  CHECK(error_of(errc::invalid_argument, [&] { dumps(text); }) ==
        "a string is not valid UTF-8 and can't become a Python str: pickle bytes as "
        "joblib::bytes");
  CHECK_THROWS_AS(dumps(std::map<std::string, int>{{text, 1}}), Error);
}

TEST_CASE("Streams are written and read from their position") {
  const std::size_t before = GENERATE(0, 1, 7, 100);
  std::stringstream stream(std::string(before, '-'), std::ios::in | std::ios::out | std::ios::ate);
  const std::uint64_t marker = 0x1122334455667788;
  dump(std::vector{marker}, stream, {.alignment = 64});
  dump("second", stream);
  CHECK(stream.str().find("\x88\x77\x66\x55\x44\x33\x22\x11") % 64 == 0);
  stream.seekg(static_cast<std::streamoff>(before));
  CHECK(load<std::vector<std::uint64_t>>(stream) == std::vector{marker});
  CHECK(load<std::string>(stream) == "second");
  CHECK_THROWS_AS(load(stream), Error);
}

TEST_CASE("Streams are compressed only where that is asked for") {
  std::stringstream stream;
  dump(std::string(10'000, 'x'), stream, {.compress = {"gzip", 1}});
  CHECK(stream.str().size() < 1'000);
  CHECK(load<std::string>(stream) == std::string(10'000, 'x'));
}

TEST_CASE("A stream that fails is an error") {
  std::ofstream closed;
  CHECK_THROWS_AS(dump(1, closed), Error);
  std::ofstream full("/dev/full");
  CHECK_THROWS_AS(
      [&] {
        dump(std::vector<double>(100'000), full);
        full.flush();
      }(),
      Error);
}

TEST_CASE("Descriptors are written and read from their position, and stay open") {
  const FileTree folder;
  const int fd = open((folder.root() / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(fd >= 0);
  dump(std::vector<double>(1000, 1.5), fd);
  dump("second", fd);
  REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
  CHECK(load<std::vector<double>>(fd) == std::vector<double>(1000, 1.5));
  CHECK(load<std::string>(fd) == "second");
  CHECK(close(fd) == 0);
  CHECK_THROWS_AS(dump(1, fd), Error);
  CHECK_THROWS_AS(load(fd), Error);
}

TEST_CASE("Pipes are written and read") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  dump(std::vector<int>(1000, 7), ends[1]);
  close(ends[1]);
  CHECK(load<std::vector<int>>(ends[0]) == std::vector<int>(1000, 7));
  close(ends[0]);
}

}  // namespace joblib::test
