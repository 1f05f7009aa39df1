#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "joblib/store/store_backend.hpp"

namespace joblib::test {

/// Any store, with faults: `before` is called before each operation with its name, that of the
/// member ("open", "create", ...) or "read", "write", "finish" of a stream, and with the item's. It
/// throws to make it fail and waits to delay it.
class FaultStore final : public StoreBackend {
 public:
  using Fault = std::function<void(std::string_view operation, const std::string& item)>;

  explicit FaultStore(
      std::shared_ptr<StoreBackend> store,
      Fault before = [](std::string_view, const std::string&) {})
      : store_(std::move(store)), before_(std::move(before)) {}

  std::string location() const override { return store_->location(); }
  std::unique_ptr<ByteSource> open(const std::string& name) override {
    before_("open", name);
    auto source = store_->open(name);
    if (source == nullptr) return nullptr;
    return std::make_unique<Source>(std::move(source), before_, name);
  }
  std::unique_ptr<ByteSink> create(const std::string& name) override {
    before_("create", name);
    return std::make_unique<Sink>(store_->create(name), before_, name);
  }
  bool exists(const std::string& name) override {
    before_("exists", name);
    return store_->exists(name);
  }
  void list(const std::string& folder,
            const std::function<bool(const StoreItem&)>& visit) override {
    before_("list", folder);
    store_->list(folder, visit);
  }
  void remove(const std::string& name) override {
    before_("remove", name);
    store_->remove(name);
  }
  void touch(const std::string& name) override {
    before_("touch", name);
    store_->touch(name);
  }
  std::optional<std::filesystem::path> file(const std::string& name) override {
    return store_->file(name);
  }
  std::unique_ptr<StoreLock> lock(const std::string& name) override {
    before_("lock", name);
    return store_->lock(name);
  }
  ObjectCache* objects() override { return store_->objects(); }
  bool keeps_items() const override { return store_->keeps_items(); }

 private:
  class Source final : public ByteSource {
   public:
    Source(std::unique_ptr<ByteSource> source, Fault before, std::string name)
        : source_(std::move(source)), before_(std::move(before)), name_(std::move(name)) {}
    std::size_t read(std::span<std::byte> buffer) override {
      before_("read", name_);
      return source_->read(buffer);
    }
    std::optional<std::uint64_t> remaining() const override { return source_->remaining(); }

   private:
    std::unique_ptr<ByteSource> source_;
    Fault before_;
    std::string name_;
  };

  class Sink final : public ByteSink {
   public:
    Sink(std::unique_ptr<ByteSink> sink, Fault before, std::string name)
        : sink_(std::move(sink)), before_(std::move(before)), name_(std::move(name)) {}
    void write(std::span<const std::byte> bytes) override {
      before_("write", name_);
      sink_->write(bytes);
    }
    void finish() override {
      before_("finish", name_);
      sink_->finish();
    }
    void expect(std::uint64_t bytes) override { sink_->expect(bytes); }

   private:
    std::unique_ptr<ByteSink> sink_;
    Fault before_;
    std::string name_;
  };

  std::shared_ptr<StoreBackend> store_;
  Fault before_;
};

}  // namespace joblib::test
