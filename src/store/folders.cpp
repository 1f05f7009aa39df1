#include "joblib/store/detail/folders.hpp"

#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "joblib/io/file.hpp"

namespace joblib::detail {

namespace {

namespace fs = std::filesystem;

// A folder that is being read; false where it can't be opened, errno says why.
class Folder {
 public:
  Folder(int parent, const char* name, int flags = O_NOFOLLOW) : stream_(nullptr, &::closedir) {
    FileDescriptor fd(uninterrupted(
        [&] { return ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags); }));
    if (fd.get() < 0) return;
    stream_.reset(::fdopendir(fd.get()));
    if (stream_) fd.release();
  }

  explicit operator bool() const { return stream_ != nullptr; }
  int fd() const { return ::dirfd(stream_.get()); }
  void rewind() { ::rewinddir(stream_.get()); }

  // Null at the end.
  const dirent* next() {
    const dirent* entry = nullptr;
    do {
      entry = ::readdir(stream_.get());
    } while (entry != nullptr && is_self_or_parent(entry->d_name));
    return entry;
  }

 private:
  static bool is_self_or_parent(const char* name) {
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
  }

  std::unique_ptr<DIR, int (*)(DIR*)> stream_;
};

bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

StoreItem item_of(const std::string& name, const struct stat& status) {
  using namespace std::chrono;
  return {.name = name,
          .size = static_cast<std::uint64_t>(status.st_size),
          .last_access = system_clock::time_point(duration_cast<system_clock::duration>(
              seconds(status.st_atim.tv_sec) + nanoseconds(status.st_atim.tv_nsec)))};
}

// False when `visit` wants no more. `name` is the folder's, and again when the call returns.
bool visit_folder(Folder folder, std::string& name,
                  const std::function<bool(const StoreItem&)>& visit) {
  const std::size_t length = name.size();
  while (const dirent* entry = folder.next()) {
    if (entry->d_name[0] == '.') continue;
    struct stat status = {};
    if (::fstatat(folder.fd(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (length > 0) name += '/';
    name += entry->d_name;
    bool goes_on = true;
    if (S_ISREG(status.st_mode)) {
      goes_on = visit(item_of(name, status));
    } else if (S_ISDIR(status.st_mode)) {
      if (Folder inner(folder.fd(), entry->d_name); inner) {
        goes_on = visit_folder(std::move(inner), name, visit);
      }
    }
    if (!goes_on) return false;
    name.resize(length);
  }
  return true;
}

// 0 or an errno.
int remove_entry(int parent, const char* name);

// Removes what is in a folder; dot files on request only. Reading a folder while it changes may
// pass over entries: it is read again as long as there is something to remove, but not for ever,
// for others may add as fast.
int remove_entries(Folder& folder, bool dot_files) {
  constexpr int most_passes = 100;
  bool removed = true;
  for (int pass = 0; removed && pass < most_passes; ++pass, folder.rewind()) {
    removed = false;
    while (const dirent* entry = folder.next()) {
      if (!dot_files && entry->d_name[0] == '.') continue;
      if (const int error = remove_entry(folder.fd(), entry->d_name); error != 0) return error;
      removed = true;
    }
  }
  return 0;
}

int remove_entry(int parent, const char* name) {
  if (::unlinkat(parent, name, 0) == 0 || is_missing(errno)) return 0;
  const int error = errno;
  Folder folder(parent, name);
  if (!folder) return errno == ENOENT ? 0 : errno == ENOTDIR ? error : errno;
  if (const int inner = remove_entries(folder, true); inner != 0) return inner;
  if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || is_missing(errno)) return 0;
  return errno == ENOTEMPTY || errno == EEXIST ? 0 : errno;  // somebody adds to it meanwhile
}

}  // namespace

int make_folder(const fs::path& folder) {
  const auto make = [&] { return ::mkdir(folder.c_str(), 0777) == 0 || errno == EEXIST; };
  if (make()) return 0;
  if (errno != ENOENT || !folder.has_parent_path()) return errno;
  if (const int error = make_folder(folder.parent_path()); error != 0) return error;
  return make() ? 0 : errno;
}

void visit_files(const fs::path& folder, const std::string& name,
                 const std::function<bool(const StoreItem&)>& visit) {
  Folder opened(AT_FDCWD, folder.c_str(), 0);
  if (!opened) {
    if (is_missing(errno)) return;
    throw_io_error("list the folder", folder.string(), errno);
  }
  std::string current = name;
  visit_folder(std::move(opened), current, visit);
}

void remove_tree(const fs::path& path) {
  const int error = remove_entry(AT_FDCWD, path.c_str());
  if (error != 0) throw_io_error("remove", path.string(), error);
}

void clear_folder(const fs::path& folder) {
  Folder opened(AT_FDCWD, folder.c_str(), 0);
  if (!opened && is_missing(errno)) return;
  const int error = opened ? remove_entries(opened, false) : errno;
  if (error != 0) throw_io_error("empty", folder.string(), error);
}

}  // namespace joblib::detail
