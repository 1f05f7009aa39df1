#include "joblib/store/memory.hpp"

#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "joblib/io/memory.hpp"

namespace joblib {

namespace {

using Bytes = std::vector<std::byte>;

class ItemSource final : public ByteSource {
 public:
  explicit ItemSource(std::shared_ptr<const Bytes> bytes)
      : bytes_(std::move(bytes)), source_(*bytes_) {}

  std::size_t read(std::span<std::byte> buffer) override { return source_.read(buffer); }
  std::optional<std::uint64_t> remaining() const override { return source_.remaining(); }

 private:
  const std::shared_ptr<const Bytes> bytes_;
  detail::MemorySource source_;
};

// For each result its metadata, and its bytes where it is no object.
std::size_t twice(std::size_t items) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  return items > most / 2 ? most : 2 * items;
}

class ItemSink final : public ByteSink {
 public:
  ItemSink(ObjectCache& items, std::string name) : items_(items), name_(std::move(name)) {}

  void write(std::span<const std::byte> bytes) override { sink_.write(bytes); }
  void expect(std::uint64_t bytes) override { sink_.expect(bytes); }
  void finish() override {
    const auto bytes = std::make_shared<const Bytes>(sink_.take());
    items_.keep(name_, bytes, bytes->size());
  }

 private:
  ObjectCache& items_;
  const std::string name_;
  detail::MemorySink sink_ = {};
};

}  // namespace

MemoryStore::MemoryStore(ObjectLimits limits)
    : items_({.bytes = limits.bytes, .items = twice(limits.items)},
             [this](const std::string& name) { forget_folder_of(name); }),
      objects_(limits, [this](const std::string& name) { forget_folder_of(name); }) {}

void MemoryStore::forget_folder_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  if (slash == std::string::npos) return;
  items_.remove(name.substr(0, slash));
  objects_.remove(name.substr(0, slash));
}

std::unique_ptr<ByteSource> MemoryStore::open(const std::string& name) {
  check_item_name(name);
  auto bytes = items_.find<Bytes>(name);
  if (bytes == nullptr) return nullptr;
  return std::make_unique<ItemSource>(std::move(bytes));
}

std::unique_ptr<ByteSink> MemoryStore::create(const std::string& name) {
  check_item_name(name);
  return std::make_unique<ItemSink>(items_, name);
}

bool MemoryStore::exists(const std::string& name) {
  check_item_name(name);
  return items_.contains(name) || objects_.contains(name);
}

void MemoryStore::list(const std::string& folder,
                       const std::function<bool(const StoreItem&)>& visit) {
  if (!folder.empty()) check_item_name(folder);
  const std::string prefix = folder.empty() ? "" : folder + "/";
  for (std::string last = prefix;;) {  // by name: what is in a folder comes together
    std::optional<StoreItem> item = items_.next(prefix, last);
    auto object = objects_.next(prefix, last);
    if (object && (!item || object->name < item->name)) item = std::move(object);
    if (!item || !visit(*item)) return;
    last = std::move(item->name);
  }
}

void MemoryStore::remove(const std::string& name) {
  if (!name.empty()) check_item_name(name);
  items_.remove(name);
  objects_.remove(name);
}

void MemoryStore::touch(const std::string& name) {
  check_item_name(name);
  items_.find<Bytes>(name);
}

std::unique_ptr<StoreLock> MemoryStore::lock(const std::string& name) {
  check_item_name(name);
  return locks_.lock(name);
}

}  // namespace joblib
