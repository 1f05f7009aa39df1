#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/store/detail/name_locks.hpp"
#include "joblib/store/object_cache.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib {

/// Keeps results as live objects of this process, shared between its threads, up to limits. Items,
/// such as metadata and results that can't be objects, are kept as well, up to the same number of
/// bytes. Where one of a folder is evicted, all of it goes. list() and exists() tell of both;
/// objects can't be opened.
class MemoryStore final : public StoreBackend {
 public:
  explicit MemoryStore(ObjectLimits limits = {});

  std::string location() const override { return "memory"; }
  std::unique_ptr<ByteSource> open(const std::string& name) override;
  std::unique_ptr<ByteSink> create(const std::string& name) override;
  bool exists(const std::string& name) override;
  void list(const std::string& folder, const std::function<bool(const StoreItem&)>& visit) override;
  void remove(const std::string& name) override;
  void touch(const std::string& name) override;
  std::unique_ptr<StoreLock> lock(const std::string& name) override;
  ObjectCache* objects() override { return &objects_; }
  bool keeps_items() const override { return false; }

 private:
  void forget_folder_of(const std::string& name);

  ObjectCache items_;
  ObjectCache objects_;
  detail::NameLocks locks_;
};

}  // namespace joblib
