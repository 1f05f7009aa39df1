#include "entries.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <unordered_map>
#include <vector>

#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"

namespace joblib::detail {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::size_t digits_of_id = 32;

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

// Millions of them must fit into memory: the id in binary, the folder by number.
struct Candidate {
  std::array<std::uint64_t, 2> id;
  std::uint32_t folder;
  std::uint64_t size;
  std::chrono::system_clock::time_point last_access;
};

class Candidates {
 public:
  void add(const StoredEntry& entry) {
    const std::size_t slash = entry.name.size() - digits_of_id - 1;
    const std::string folder = entry.name.substr(0, entry.name.size() == digits_of_id ? 0 : slash);
    const auto [found, is_new] =
        numbers_.try_emplace(folder, static_cast<std::uint32_t>(folders_.size()));
    if (is_new) folders_.push_back(folder);
    Candidate candidate{{}, found->second, entry.size, entry.last_access};
    const char* digits = entry.name.data() + entry.name.size() - digits_of_id;
    for (std::uint64_t& half : candidate.id) {
      std::from_chars(digits, digits + 16, half, 16);
      digits += 16;
    }
    candidates_.push_back(candidate);
  }

  // The first is the one that was used least recently.
  void sort() { std::ranges::stable_sort(candidates_, {}, &Candidate::last_access); }

  std::string name(const Candidate& candidate) const {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string name = folders_[candidate.folder];
    if (!name.empty()) name += '/';
    for (const std::uint64_t half : candidate.id) {
      for (int shift = 60; shift >= 0; shift -= 4) name += digits[half >> shift & 0xf];
    }
    return name;
  }

  const std::vector<Candidate>& all() const noexcept { return candidates_; }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_ = {};
  std::vector<std::string> folders_ = {};
  std::vector<Candidate> candidates_ = {};
};

}  // namespace

void for_each_entry(StoreBackend& store, const std::string& folder,
                    const std::function<void(const StoredEntry&)>& visit) {
  // Stores list the items of a folder one after the other; if one doesn't, an entry comes in parts.
  StoredEntry entry;
  const auto close = [&] {
    if (!entry.name.empty()) visit(entry);
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
    return true;
  });
  close();
}

Usage reduce_size(StoreBackend& store, const SizeLimits& limits,
                  const std::function<bool()>& should_stop, bool verbose) {
  Candidates candidates;
  Usage usage;
  for_each_entry(store, {}, [&](const StoredEntry& entry) {
    candidates.add(entry);
    usage.bytes += entry.size;
    ++usage.items;
  });
  candidates.sort();
  const auto too_old = [&, now = std::chrono::system_clock::now()](const Candidate& candidate) {
    return limits.age_limit && Seconds(now - candidate.last_access) > *limits.age_limit;
  };
  for (const Candidate& candidate : candidates.all()) {
    const bool too_many = (limits.bytes_limit && usage.bytes > limits.bytes_limit->bytes()) ||
                          (limits.items_limit && usage.items > *limits.items_limit);
    if ((!too_many && !too_old(candidate)) || should_stop()) break;
    const std::string name = candidates.name(candidate);
    if (verbose) {
      log(LogLevel::info,
          "Deleting item " + name + ", " + std::to_string(candidate.size) + " bytes", std::cout);
    }
    try {
      store.remove(name);
    } catch (const Error& error) {  // it stays; the others may go
      log(LogLevel::debug, error.what());
      continue;
    }
    usage.bytes -= candidate.size;
    --usage.items;
  }
  return usage;
}

}  // namespace joblib::detail
