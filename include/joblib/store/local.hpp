#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "joblib/store/detail/name_locks.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib {

/// Items are files below a folder, in joblib's layout, so that Python's joblib can share the
/// folder. Names that begin with a dot are the store's own: `.tmp` holds what is being written,
/// `.lock` is what processes lock. The time of last access is the files' own, which open() and
/// touch() set, so that it doesn't matter how the file system is mounted.
class LocalStore final : public StoreBackend {
 public:
  /// Makes the folder, and a .gitignore in it, or beside it if it is named "joblib"; removes what
  /// processes have left behind that died while they were writing. With `fsync` the disk has an
  /// item before it can be read, so that items are whole after a power failure, too. Throws Error
  /// if there can be no such folder.
  explicit LocalStore(const std::filesystem::path& root, bool fsync = false);

  std::string location() const override { return location_; }
  std::unique_ptr<ByteSource> open(const std::string& name) override;
  std::unique_ptr<ByteSink> create(const std::string& name) override;
  bool exists(const std::string& name) override;
  void list(const std::string& folder, const std::function<bool(const StoreItem&)>& visit) override;
  void remove(const std::string& name) override;
  void touch(const std::string& name) override;
  std::optional<std::filesystem::path> file(const std::string& name) override;
  std::unique_ptr<StoreLock> lock(const std::string& name) override;

 private:
  std::string path_of(const std::string& name) const;

  std::string location_;
  std::string root_;  // absolute, whatever becomes the current folder; no slash at the end
  const bool fsync_;
  detail::NameLocks locks_;
};

/// The store of a `Memory` at this place, as joblib has it: in "joblib" below the location, of
/// which a leading "~" or "~user" is a home folder.
std::shared_ptr<LocalStore> make_local_store(const std::string& location, bool fsync = false);

}  // namespace joblib
