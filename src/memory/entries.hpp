#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "joblib/memory/options.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib::detail {

inline constexpr std::string_view output_name = "output.pkl";
inline constexpr std::string_view metadata_name = "metadata.json";

/// A result in a store, with all its items.
struct StoredEntry {
  std::string name;  // "<folder>/<32 hexadecimal digits>"
  std::uint64_t size = 0;
  std::chrono::system_clock::time_point last_access = {};
};

/// Calls `visit` for each result in a folder, or in the whole store.
void for_each_entry(StoreBackend& store, const std::string& folder,
                    const std::function<void(const StoredEntry&)>& visit);

/// Removes what was used least recently until all limits hold. Returns what is left.
struct Usage {
  std::uint64_t bytes = 0;
  std::uint64_t items = 0;
};
Usage reduce_size(StoreBackend& store, const SizeLimits& limits,
                  const std::function<bool()>& should_stop, bool verbose);

}  // namespace joblib::detail
