#include "eviction_queue.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <optional>
#include <string_view>

#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"

namespace joblib::detail {

bool exceeds(const Usage& usage, const SizeLimits& limits) {
  return (limits.bytes_limit && usage.bytes > limits.bytes_limit->bytes()) ||
         (limits.items_limit && usage.items > *limits.items_limit);
}

void EvictionQueue::scan(const std::function<bool()>& should_stop) {
  heap_.clear();
  folders_.clear();
  numbers_.clear();
  usage_ = {};
  for_each_entry(store_, {}, [&](const StoredEntry& entry) {
    heap_.push_back(candidate_of(entry));
    usage_ += entry;
    return !should_stop();
  });
  std::ranges::make_heap(heap_, goes_later);
}

void EvictionQueue::add(const StoredEntry& entry) {
  push(candidate_of(entry));
  usage_ += entry;
}

void EvictionQueue::reduce(const SizeLimits& limits, const std::function<bool()>& should_stop) {
  using Seconds = std::chrono::duration<double>;
  const auto too_old = [&, now = std::chrono::system_clock::now()](const Candidate& candidate) {
    return limits.age_limit && Seconds(now - candidate.last_access) > *limits.age_limit;
  };
  // Who uses results faster than they are looked at must not keep all of them for ever.
  std::size_t chances = heap_.size();
  while (!heap_.empty() && (exceeds(usage_, limits) || too_old(heap_.front())) && !should_stop()) {
    const Candidate candidate = pop();
    const std::string name = name_of(candidate);
    if (const std::optional<StoredEntry> found = find_entry(store_, name)) {
      if (found->last_access > candidate.last_access && chances > 0) {  // it has been used
        --chances;
        push(candidate_of(*found));
        usage_.bytes += found->size - candidate.size;
        continue;
      }
      if (!remove(candidate, name)) continue;
    }
    usage_.bytes -= candidate.size;
    --usage_.items;
  }
}

// False where it stays; others may go.
bool EvictionQueue::remove(const Candidate& candidate, const std::string& name) {
  if (verbose_) {
    log(LogLevel::info, "Deleting item " + name + ", " + std::to_string(candidate.size) + " bytes",
        std::cout);
  }
  try {
    store_.remove(name);
    return true;
  } catch (const Error& error) {
    log(LogLevel::debug, error.what());
    return false;
  }
}

EvictionQueue::Candidate EvictionQueue::pop() {
  std::ranges::pop_heap(heap_, goes_later);
  const Candidate candidate = heap_.back();
  heap_.pop_back();
  return candidate;
}

void EvictionQueue::push(const Candidate& candidate) {
  heap_.push_back(candidate);
  std::ranges::push_heap(heap_, goes_later);
}

EvictionQueue::Candidate EvictionQueue::candidate_of(const StoredEntry& entry) {
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
  return candidate;
}

std::string EvictionQueue::name_of(const Candidate& candidate) const {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string name = folders_[candidate.folder];
  if (!name.empty()) name += '/';
  for (const std::uint64_t half : candidate.id) {
    for (int shift = 60; shift >= 0; shift -= 4) name += digits[half >> shift & 0xf];
  }
  return name;
}

}  // namespace joblib::detail
