#include "joblib/store/local.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "core/environment_guard.hpp"
#include "core/sink_guard.hpp"
#include "io/temporary_folder.hpp"
#include "store/child.hpp"
#include "store/tools.hpp"

namespace fs = std::filesystem;
using joblib::errc;
using joblib::LocalStore;
using joblib::LogRecord;
using joblib::StoreRef;
using namespace joblib::test;
using joblib_test::bytes_of;
using joblib_test::TemporaryFolder;

namespace {

constexpr const char* gitignore = "# Created by joblib automatically.\n*\n";

std::string content(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The paths of all files below a folder.
Names files_in(const fs::path& folder) {
  Names files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.insert(fs::relative(entry.path(), folder).string());
  }
  return files;
}

// In a child: what permissions forbid is forbidden, also to root's tests.
void become_nobody() {
  if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) throw std::runtime_error("setuid");
}

// In a child: a file system without much room, in a name space of its own, or a limit for files.
void fill_disk(const fs::path& folder) {
  if (::unshare(CLONE_NEWNS) == 0 &&
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=256k") == 0) {
    return;
  }
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {.rlim_cur = 256 << 10, .rlim_max = 256 << 10};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("setrlimit");
}

}  // namespace

TEST_CASE("Items are files at joblib's places") {
  const TemporaryFolder folder;
  const auto store = StoreRef().resolve(folder.path().string(), {});
  put(*store, "features/costly/3a/output.pkl", "text");
  CHECK(store->location() == (folder / "joblib").string());
  CHECK(store->file("features/costly/3a/output.pkl") ==
        folder / "joblib/features/costly/3a/output.pkl");
  CHECK(files_in(folder.path()) == Names{".gitignore", "joblib/features/costly/3a/output.pkl"});
  CHECK(content(folder / ".gitignore") == gitignore);
  // What Python has written is there, too, but what isn't an item.
  std::ofstream(folder / "joblib/features/costly/func_code.py") << "# first line: 1\n";
  std::ofstream(folder / "joblib/features/costly/.hidden") << "text";
  fs::create_symlink("costly", folder / "joblib/features/link");
  CHECK(names_in(*store) == Names{"features/costly/3a/output.pkl", "features/costly/func_code.py"});
}

TEST_CASE("The root of a local store is used as it is") {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  LocalStore store("here/joblib/");
  LocalStore other("there");
  fs::current_path(before);
  put(store, "f/x", "text");
  put(other, "f/x", "text");
  CHECK(files_in(folder.path()) ==
        Names{"here/.gitignore", "here/joblib/f/x", "there/.gitignore", "there/f/x"});
}

TEST_CASE("A .gitignore that is there stays and one that can't be written is a warning") {
  const TemporaryFolder folder;
  std::vector<std::string> lines;
  const SinkGuard sink([&](const LogRecord& record) { lines.emplace_back(record.text); });
  std::ofstream(folder / ".gitignore") << "*.pkl\n";
  const LocalStore first(folder / "joblib");
  CHECK(content(folder / ".gitignore") == "*.pkl\n");
  CHECK(lines.empty());

  const TemporaryFolder closed;
  fs::create_directory(closed / "joblib");
  fs::permissions(closed.path(), fs::perms{0555});
  fs::permissions(closed / "joblib", fs::perms{0777});
  Child child([&](Child&) {
    become_nobody();
    LocalStore store(closed / "joblib");
    put(store, "f/x", "text");
    return lines.size() == 1 && lines[0].find(".gitignore") != std::string::npos &&
           get(store, "f/x") == "text";
  });
  CHECK(child.ended_well());
}

TEST_CASE("A tilde stands for a home folder") {
  const TemporaryFolder home;
  const EnvironmentGuard environment("HOME", home.path().c_str());
  CHECK(joblib::make_local_store("~")->location() == (home / "joblib").string());
  CHECK(joblib::make_local_store("~/a/b")->location() == (home / "a/b/joblib").string());
  const fs::path before = fs::current_path();
  fs::current_path(home.path());
  CHECK(joblib::make_local_store("~nobody here")->location() == "~nobody here/joblib");
  CHECK(joblib::make_local_store("a~")->location() == "a~/joblib");
  fs::current_path(before);
  CHECK(fs::is_directory(home / "a~" / "joblib"));
}

TEST_CASE("A folder that can't be made is an error that names it") {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "text";
  CHECK_THROWS_WITH(LocalStore(folder / "file"), Catch::Matchers::Contains("/file'"));
  CHECK_THROWS_WITH(LocalStore(folder / "file" / "joblib"),
                    Catch::Matchers::Contains("file/joblib"));
  CHECK(error_of([] { LocalStore("/proc/joblib"); }).has_value());
}

TEST_CASE("What killed writers leave is removed at the next start and nothing else") {
  const TemporaryFolder folder;
  LocalStore store(folder / "cache");
  put(store, "f/x", "text");
  Child killed([&](Child& child) {
    const auto sink = store.create("f/y");
    sink->write(bytes_of("half"));
    child.report();
    child.wait_for_parent();
    return true;
  });
  killed.wait_for_report();
  const auto alive = store.create("f/z");
  alive->write(bytes_of("whole"));
  const auto leftovers = [&] { return files_in(folder / "cache/.tmp").size(); };
  CHECK(leftovers() == 2);
  { const LocalStore other(folder / "cache"); }
  CHECK(leftovers() == 2);  // both write
  killed.kill();

  const std::string other_host = (folder / "cache/.tmp/elsewhere-1-1-1").string();
  const std::string old = (folder / "cache/.tmp/elsewhere-1-1-2").string();
  std::ofstream(other_host) << "half";
  std::ofstream(old) << "half";
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(other_host, now - std::chrono::hours(23));
  fs::last_write_time(old, now - std::chrono::hours(25));
  { const LocalStore other(folder / "cache"); }
  CHECK(leftovers() == 2);
  CHECK(fs::exists(other_host));
  alive->finish();
  CHECK(names_in(store) == Names{"f/x", "f/z"});
  CHECK(get(store, "f/z") == "whole");
}

TEST_CASE("Everything works again when the folder was removed under the store") {
  const TemporaryFolder folder;
  LocalStore store(folder / "cache");
  put(store, "f/x", "text");
  CHECK(store.lock("f") != nullptr);
  const auto sink = store.create("f/y");
  sink->write(bytes_of("text"));
  fs::remove_all(folder / "cache");
  CHECK(error_of([&] { sink->finish(); }) == errc::not_found);
  fs::remove_all(folder / "cache");
  CHECK(names_in(store).empty());
  CHECK_FALSE(store.exists("f/x"));
  store.touch("f/x");
  store.remove("f");
  store.remove("");
  put(store, "f/x", "again");
  CHECK(get(store, "f/x") == "again");

  // The lock's file is a new one, for this process as for others.
  const auto lock = store.lock("f");
  REQUIRE(lock != nullptr);
  REQUIRE(fs::exists(folder / "cache/.lock"));
  const int fd = ::open((folder / "cache/.lock").c_str(), O_RDWR | O_CLOEXEC);
  struct flock all = {};
  all.l_type = F_WRLCK;
  CHECK(::fcntl(fd, F_OFD_GETLK, &all) == 0);
  CHECK(all.l_type == F_WRLCK);  // it is held
  ::close(fd);
}

TEST_CASE("Without permissions reading goes on and writing is an error") {
  const TemporaryFolder folder;
  {
    LocalStore store(folder / "cache");
    put(store, "f/1/x", "text");
    put(store, "secret/x", "text");
    put(store, "f/2/x", "text");
  }
  fs::permissions(folder.path(), fs::perms{0755});
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    fs::permissions(entry.path(), entry.is_directory() ? fs::perms{0555} : fs::perms{0444});
  }
  fs::permissions(folder / "cache/secret", fs::perms{0});
  Child child([&](Child&) {
    become_nobody();
    LocalStore store(folder / "cache");
    store.touch("f/1/x");
    return get(store, "f/1/x") == "text" && names_in(store) == Names{"f/1/x", "f/2/x"} &&
           store.lock("f") == nullptr && error_of([&] { put(store, "f/1/x", "new"); }) &&
           error_of([&] { put(store, "g/x", "new"); }) == errc::io_error &&
           error_of([&] { store.remove("f"); }) == errc::io_error &&
           error_of([&] { store.remove(""); }) == errc::io_error &&
           error_of([&] { store.open("secret/x"); }) == errc::io_error &&
           error_of([&] { store.exists("secret/x"); }) == errc::io_error &&
           error_of([&] { names_in(store, "secret"); }) == errc::io_error &&
           get(store, "f/1/x") == "text";
  });
  CHECK(child.ended_well());
  fs::permissions(folder / "cache/secret", fs::perms{0755});
}

TEST_CASE("A full disk is an error that leaves nothing behind") {
  const bool expected = GENERATE(false, true);
  CAPTURE(expected);
  const TemporaryFolder folder;
  fs::create_directory(folder / "disk");
  Child child([&](Child&) {
    fill_disk(folder / "disk");
    LocalStore store(folder / "disk/cache");
    put(store, "f/1/x", "text");
    const auto too_much = error_of([&] {
      const auto sink = store.create("f/1/x");
      if (expected) sink->expect(1 << 20);
      sink->write(std::vector<std::byte>(1 << 20));
      sink->finish();
    });
    put(store, "f/2/x", "text");
    return too_much == errc::io_error && get(store, "f/1/x") == "text" &&
           names_in(store) == Names{"f/1/x", "f/2/x"} &&
           files_in(folder / "disk/cache/.tmp").empty();
  });
  CHECK(child.ended_well());
}

TEST_CASE("A link is removed and not what it leads to") {
  const TemporaryFolder folder;
  LocalStore store(folder / "cache");
  fs::create_directory(folder / "elsewhere");
  std::ofstream(folder / "elsewhere/file") << "text";
  put(store, "f/x", "text");
  fs::create_directory_symlink(folder / "elsewhere", folder / "cache/f/link");
  store.remove("f");
  CHECK_FALSE(fs::exists(folder / "cache/f"));
  CHECK(content(folder / "elsewhere/file") == "text");
}

TEST_CASE("Clearing a store keeps what is not an item of it") {
  const TemporaryFolder folder;
  LocalStore store(folder / "cache");
  put(store, "f/x", "text");
  const auto sink = store.create("f/y");
  store.remove("");
  sink->finish();
  CHECK(files_in(folder / "cache") == Names{".gitignore", "f/y"});
}

TEST_CASE("A lock makes the folder of its name and takes it back when nothing comes of it") {
  const TemporaryFolder folder;
  LocalStore store(folder / "cache");
  put(store, "f/x", "text");
  CHECK(store.lock("f/1")->found_nothing());
  CHECK(fs::is_directory(folder / "cache/f/1"));
  const auto fail_with_lock = [&](const char* item) {
    const auto lock = store.lock("f/2");
    if (item != nullptr) put(store, item, "text");
    throw std::domain_error("failed");
  };
  CHECK_THROWS_AS(fail_with_lock(nullptr), std::domain_error);
  CHECK_FALSE(fs::exists(folder / "cache/f/2"));
  CHECK_THROWS_AS(fail_with_lock("f/2/x"), std::domain_error);
  CHECK(store.exists("f/2/x"));
}

TEST_CASE("Files are made with the usual permissions and descriptors end with exec") {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  LocalStore store(folder / "cache");
  put(store, "f/x", "text");
  ::umask(before);
  CHECK(fs::status(folder / "cache/f/x").permissions() == fs::perms{0640});
  CHECK(fs::status(folder / "cache/f").permissions() == fs::perms{0750});
  const auto source = store.open("f/x");
  const auto sink = store.create("f/y");
  const auto lock = store.lock("f");
  int ours = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const fs::path target = fs::read_symlink(entry.path(), gone);
    if (gone || !target.string().starts_with(folder.path().string())) continue;
    ++ours;
    CHECK(::fcntl(std::stoi(entry.path().filename()), F_GETFD) == FD_CLOEXEC);
  }
  CHECK(ours == 3);
}
