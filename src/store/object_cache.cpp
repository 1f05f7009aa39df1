#include "joblib/store/object_cache.hpp"

#include <iterator>
#include <mutex>
#include <optional>

namespace joblib {

std::shared_ptr<const void> ObjectCache::find(const std::string& name, std::type_index type) {
  const auto now = std::chrono::system_clock::now();
  std::unique_lock lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end() || found->second->type != type) return nullptr;
  Entry& entry = *found->second;
  entry.item.last_access = now;
  entries_.splice(entries_.begin(), entries_, found->second);
  if (!used_ || now - entry.told < std::chrono::minutes(1)) return entry.object;
  entry.told = now;
  std::shared_ptr<const void> object = entry.object;
  lock.unlock();
  used_(name);
  return object;
}

void ObjectCache::keep(const std::string& name, std::type_index type,
                       std::shared_ptr<const void> object, std::uint64_t bytes,
                       std::optional<std::uint64_t> changes) {
  Entries added;
  added.push_back({{name, bytes, std::chrono::system_clock::now()}, type, std::move(object)});
  Entries replaced;  // destroyed without the lock: objects may use the cache, too
  Entries evicted;
  {
    const std::lock_guard lock(mutex_);
    if (!changes) {
      ++kept_[bucket_of(name)];
    } else if (*changes != removals_ + kept_[bucket_of(name)]) {
      return;
    }
    if (const auto found = by_name_.find(name); found != by_name_.end()) {
      take_out(found->second, replaced);
    }
    if (bytes > limits_.bytes || limits_.items == 0) {
      evicted.splice(evicted.begin(), added);
    } else {
      while (entries_.size() >= limits_.items || bytes_ > limits_.bytes - bytes) {
        take_out(std::prev(entries_.end()), evicted);
      }
      const auto entry = added.begin();
      by_name_.emplace(entry->item.name, entry);
      sorted_.emplace(entry->item.name, entry);
      bytes_ += bytes;
      entries_.splice(entries_.begin(), added);
    }
  }
  if (!evicted_) return;
  for (const Entry& entry : evicted) evicted_(entry.item.name);
}

std::uint64_t ObjectCache::changes(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return removals_ + kept_[bucket_of(name)];
}

bool ObjectCache::contains(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return by_name_.contains(name);
}

void ObjectCache::list(const std::string& folder,
                       const std::function<bool(const StoreItem&)>& visit) const {
  const std::string prefix = folder.empty() ? "" : folder + "/";
  std::string last = prefix;
  while (true) {
    const std::optional<StoreItem> item = next(prefix, last);
    if (!item || !visit(*item)) return;
    last = item->name;
  }
}

std::optional<StoreItem> ObjectCache::next(const std::string& prefix,
                                           const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = sorted_.upper_bound(name);
  if (found == sorted_.end() || !found->first.starts_with(prefix)) return std::nullopt;
  return found->second->item;
}

void ObjectCache::remove(const std::string& name) {
  Entries removed;
  const std::lock_guard lock(mutex_);
  ++removals_;
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    take_out(found->second, removed);
  }
  const std::string prefix = name.empty() ? "" : name + "/";
  for (auto next = sorted_.lower_bound(prefix);
       next != sorted_.end() && next->first.starts_with(prefix);) {
    take_out((next++)->second, removed);
  }
}

// The keys are views of the entry's name: they go first.
void ObjectCache::take_out(Entries::iterator entry, Entries& into) {
  by_name_.erase(entry->item.name);
  sorted_.erase(entry->item.name);
  bytes_ -= entry->item.size;
  into.splice(into.begin(), entries_, entry);
}

}  // namespace joblib
