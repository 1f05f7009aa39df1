#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace joblib {

/// How memory maps are opened: read only, read and write, the same with a new file, copy on write.
enum class MmapMode { r, r_plus, w_plus, c };

namespace detail {

inline constexpr std::array<std::pair<std::string_view, MmapMode>, 4> mmap_modes = {
    {{"r", MmapMode::r}, {"r+", MmapMode::r_plus}, {"w+", MmapMode::w_plus}, {"c", MmapMode::c}}};

/// numpy's name of a mode, and back.
constexpr std::string_view name_of(MmapMode mode) {
  return mmap_modes[static_cast<std::size_t>(mode)].first;
}
constexpr std::optional<MmapMode> mmap_mode_of(std::string_view name) {
  for (const auto& [its_name, mode] : mmap_modes) {
    if (its_name == name) return mode;
  }
  return std::nullopt;
}

}  // namespace detail
}  // namespace joblib
