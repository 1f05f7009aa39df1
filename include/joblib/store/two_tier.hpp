#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "joblib/store/object_cache.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib {

/// Live objects up to limits in front of any store, which keeps all results: what was used last is
/// there without being read again.
class TwoTierStore final : public StoreBackend {
 public:
  /// Throws Error for a null pointer.
  explicit TwoTierStore(std::shared_ptr<StoreBackend> store, ObjectLimits limits = {});

  std::string location() const override { return store_->location(); }
  std::unique_ptr<ByteSource> open(const std::string& name) override { return store_->open(name); }
  std::unique_ptr<ByteSink> create(const std::string& name) override {
    return store_->create(name);
  }
  bool exists(const std::string& name) override { return store_->exists(name); }
  void list(const std::string& folder,
            const std::function<bool(const StoreItem&)>& visit) override {
    store_->list(folder, visit);
  }
  void remove(const std::string& name) override;
  void touch(const std::string& name) override { store_->touch(name); }
  std::optional<std::filesystem::path> file(const std::string& name) override {
    return store_->file(name);
  }
  std::unique_ptr<StoreLock> lock(const std::string& name) override { return store_->lock(name); }
  ObjectCache* objects() override { return &objects_; }
  bool keeps_items() const override { return store_->keeps_items(); }

 private:
  std::shared_ptr<StoreBackend> store_;
  ObjectCache objects_;
};

}  // namespace joblib
