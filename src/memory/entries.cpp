#include "entries.hpp"

#include <algorithm>

namespace joblib::detail {
namespace {

bool is_id(std::string_view text) {
  return text.size() == digits_of_id && std::ranges::all_of(text, [](char digit) {
           return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
         });
}

// The entry that an item belongs to: all but the last part of its name; empty if it is none.
std::string_view entry_of_item(std::string_view item) {
  const std::size_t slash = item.rfind('/');
  if (slash == item.npos) return {};
  const std::string_view entry = item.substr(0, slash);
  const std::size_t before = entry.rfind('/');
  return is_id(entry.substr(before == entry.npos ? 0 : before + 1)) ? entry : std::string_view();
}

}  // namespace

void for_each_entry(StoreBackend& store, const std::string& folder,
                    const std::function<bool(const StoredEntry&)>& visit) {
  // Stores list the items of a folder one after the other; if one doesn't, an entry comes in parts.
  StoredEntry entry;
  bool goes_on = true;
  const auto close = [&] {
    if (goes_on && !entry.name.empty()) goes_on = visit(entry);
    entry = {};
  };
  store.list(folder, [&](const StoreItem& item) {
    const std::string_view name = entry_of_item(item.name);
    if (name.empty()) return true;
    if (name != entry.name) {
      close();
      entry.name = name;
    }
    entry.size += item.size;
    const bool is_output = item.name.ends_with(output_name);
    if (is_output || entry.last_access == decltype(entry.last_access)())
      entry.last_access = item.last_access;
    return goes_on;
  });
  close();
}

std::optional<StoredEntry> find_entry(StoreBackend& store, const std::string& name) {
  std::optional<StoredEntry> found;
  for_each_entry(store, name, [&](const StoredEntry& entry) {
    if (entry.name == name) found = entry;
    return true;
  });
  return found;
}

}  // namespace joblib::detail
