#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "entries.hpp"
#include "joblib/memory/options.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib::detail {

struct Usage {
  std::uint64_t bytes = 0;
  std::uint64_t items = 0;

  Usage& operator+=(const StoredEntry& entry) {
    bytes += entry.size;
    ++items;
    return *this;
  }
};

/// Whether it is more than the limits on bytes and items allow.
bool exceeds(const Usage& usage, const SizeLimits& limits);

/// The results in a store in the order in which they are to go, the one that was used least
/// recently first, as far as is known: the store is asked again before one goes. 48 bytes for each.
class EvictionQueue {
 public:
  /// With `verbose` it tells what it removes.
  EvictionQueue(StoreBackend& store, bool verbose) : store_(store), verbose_(verbose) {}

  /// Goes through the whole store, until `should_stop`.
  void scan(const std::function<bool()>& should_stop);
  /// A result that has been added since.
  void add(const StoredEntry& entry);
  /// Of the results that are known.
  const Usage& usage() const noexcept { return usage_; }

  /// Removes results until all limits hold, or `should_stop`.
  void reduce(const SizeLimits& limits, const std::function<bool()>& should_stop);

 private:
  // Millions of them must fit into memory: the id in binary, the folder by number.
  struct Candidate {
    std::array<std::uint64_t, 2> id = {};
    std::uint32_t folder = 0;
    std::uint64_t size = 0;
    std::chrono::system_clock::time_point last_access = {};
  };

  static bool goes_later(const Candidate& left, const Candidate& right) {
    return left.last_access > right.last_access;
  }

  Candidate candidate_of(const StoredEntry& entry);
  std::string name_of(const Candidate& candidate) const;
  Candidate pop();
  void push(const Candidate& candidate);
  bool remove(const Candidate& candidate, const std::string& name);

  StoreBackend& store_;
  bool verbose_;
  std::unordered_map<std::string, std::uint32_t> numbers_ = {};  // of folders
  std::vector<std::string> folders_ = {};
  std::vector<Candidate> heap_ = {};
  Usage usage_ = {};
};

}  // namespace joblib::detail
