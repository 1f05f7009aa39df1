#include "joblib/store/local.hpp"

#include <array>
#include <cstdlib>
#include <exception>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "joblib/core/log.hpp"
#include "joblib/io/detail/posix.hpp"
#include "joblib/io/file.hpp"
#include "joblib/store/detail/folders.hpp"
#include "joblib/store/detail/temporary_file.hpp"

namespace joblib {

namespace fs = std::filesystem;

namespace {

constexpr const char* temporary_folder = "/.tmp";
constexpr std::array<timespec, 2> accessed_now = {{{0, UTIME_NOW}, {0, UTIME_OMIT}}};

// For version control; what somebody else has written there stays.
void write_gitignore(const fs::path& folder) {
  constexpr std::string_view text = "# Created by joblib automatically.\n*\n";
  const fs::path path = folder / ".gitignore";
  const detail::FileDescriptor fd(detail::uninterrupted(
      [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); }));
  if (fd.get() < 0 && errno == EEXIST) return;
  try {
    if (fd.get() < 0) detail::throw_io_error("write", path.string(), errno);
    detail::FileSink(fd.get(), path.string()).write(std::as_bytes(std::span(text)));
  } catch (const std::exception& error) {
    log(LogLevel::warning, error.what());
  }
}

// Empty where nobody knows.
std::string home_of(const std::string& user) {
  if (user.empty()) {
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return home;
  }
  passwd entry = {};
  passwd* found = nullptr;
  std::vector<char> text(1 << 14);
  if (user.empty()) {
    ::getpwuid_r(::getuid(), &entry, text.data(), text.size(), &found);
  } else {
    ::getpwnam_r(user.c_str(), &entry, text.data(), text.size(), &found);
  }
  return found != nullptr ? found->pw_dir : "";
}

fs::path expand_home(const std::string& location) {
  if (!location.starts_with('~')) return location;
  const std::size_t end = std::min(location.find('/'), location.size());
  const std::string home = home_of(location.substr(1, end - 1));
  return home.empty() ? location : home + location.substr(end);
}

// Without a slash at the end.
fs::path absolute_folder(const fs::path& path) {
  std::error_code error;
  const fs::path folder = fs::absolute(path, error) / "";
  if (error) detail::throw_io_error("make the folder", path.string(), error.value());
  return folder.parent_path();
}

// Makes the folder itself, which the items need anyway: that it can is how it knows.
class FolderLock final : public StoreLock {
 public:
  FolderLock(std::unique_ptr<StoreLock> lock, std::string folder)
      : lock_(std::move(lock)),
        folder_(std::move(folder)),
        is_new_(::mkdir(folder_.c_str(), 0777) == 0) {}
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() override {
    const bool failed = std::uncaught_exceptions() > exceptions_;
    if (is_new_ && failed) ::rmdir(folder_.c_str());  // which fails unless it is empty
  }

  bool found_nothing() const override { return is_new_; }

 private:
  const std::unique_ptr<StoreLock> lock_;
  const std::string folder_;
  const bool is_new_;
  const int exceptions_ = std::uncaught_exceptions();
};

}  // namespace

LocalStore::LocalStore(const fs::path& root, bool fsync)
    : location_(root.string()),
      root_(absolute_folder(root)),
      fsync_(fsync),
      locks_(root_ + "/.lock") {
  const int error = detail::make_folder(root_);
  std::error_code unknown;
  if (error != 0 || !fs::is_directory(root_, unknown)) {
    detail::throw_io_error("make the folder", location_, error != 0 ? error : EEXIST);
  }
  const fs::path path = root_;
  write_gitignore(path.filename() == "joblib" ? path.parent_path() : path);
  detail::remove_leftovers(root_ + temporary_folder);
}

std::unique_ptr<ByteSource> LocalStore::open(const std::string& name) {
  std::string path = path_of(name);
  detail::FileDescriptor fd(
      detail::uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return nullptr;
    detail::throw_io_error("open", path, errno);
  }
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) detail::throw_io_error("open", path, errno);
  if (S_ISDIR(status.st_mode)) return nullptr;
  ::futimens(fd.get(), accessed_now.data());
  const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  return std::make_unique<detail::FileSource>(std::move(fd), std::move(path), size);
}

std::unique_ptr<ByteSink> LocalStore::create(const std::string& name) {
  return detail::create_file(path_of(name), root_ + temporary_folder, fsync_);
}

bool LocalStore::exists(const std::string& name) {
  const std::string path = path_of(name);
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0) return !S_ISDIR(status.st_mode);
  if (errno == ENOENT || errno == ENOTDIR) return false;
  detail::throw_io_error("look for", path, errno);
}

void LocalStore::list(const std::string& folder,
                      const std::function<bool(const StoreItem&)>& visit) {
  detail::visit_files(folder.empty() ? root_ : path_of(folder), folder, visit);
}

void LocalStore::remove(const std::string& name) {
  if (name.empty()) {
    detail::clear_folder(root_);
    return;
  }
  const std::string path = path_of(name);
  detail::remove_tree(path);
  const std::string folder = path.substr(0, path.rfind('/'));
  if (folder != root_) ::rmdir(folder.c_str());  // which fails unless it is empty
}

void LocalStore::touch(const std::string& name) {
  ::utimensat(AT_FDCWD, path_of(name).c_str(), accessed_now.data(), 0);
}

std::optional<fs::path> LocalStore::file(const std::string& name) { return path_of(name); }

std::unique_ptr<StoreLock> LocalStore::lock(const std::string& name) {
  std::string folder = path_of(name);
  auto lock = locks_.lock(name);
  if (lock == nullptr) return nullptr;
  return std::make_unique<FolderLock>(std::move(lock), std::move(folder));
}

std::string LocalStore::path_of(const std::string& name) const {
  check_item_name(name);
  return root_ + '/' + name;
}

std::shared_ptr<LocalStore> make_local_store(const std::string& location, bool fsync) {
  return std::make_shared<LocalStore>(expand_home(location) / "joblib", fsync);
}

}  // namespace joblib
