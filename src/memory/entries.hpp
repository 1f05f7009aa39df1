#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "joblib/store/store_backend.hpp"

namespace joblib::detail {

inline constexpr std::size_t digits_of_id = 32;
inline constexpr std::string_view output_name = "output.pkl";
inline constexpr std::string_view metadata_name = "metadata.json";

/// A result in a store, with all its items.
struct StoredEntry {
  std::string name;  // "<folder>/<32 hexadecimal digits>"
  std::uint64_t size = 0;
  std::chrono::system_clock::time_point last_access = {};
};

/// Calls `visit` for each result in a folder, or in the whole store, until it returns false.
void for_each_entry(StoreBackend& store, const std::string& folder,
                    const std::function<bool(const StoredEntry&)>& visit);

/// The result of this name; empty where there is none.
std::optional<StoredEntry> find_entry(StoreBackend& store, const std::string& name);

}  // namespace joblib::detail
