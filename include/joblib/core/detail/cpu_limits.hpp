#pragma once

#include <filesystem>
#include <mutex>
#include <optional>

namespace joblib::detail {

/// The smallest ceil(quota / period) among the CPU quotas of the process's cgroups and their
/// visible ancestors, at least 1; empty where there is none. Reads proc/self/ and the cgroup mounts
/// named there below `root`, which is "/" but in tests. Missing or malformed files set no limit.
std::optional<int> cgroup_cpu_limit(const std::filesystem::path& root);

/// The number of physical cores with an online CPU, from sys/devices/system/cpu below `root`; empty
/// if that is missing, incomplete or malformed.
std::optional<int> physical_core_count(const std::filesystem::path& root);

/// physical_core_count(root), counted once. Thread-safe.
class PhysicalCores {
 public:
  explicit PhysicalCores(std::filesystem::path root);

  /// `logical` if the cores can't be counted; the first call logs a warning then.
  int get_or(int logical);

 private:
  std::filesystem::path root_;
  std::once_flag counted_;
  std::optional<int> cores_;
};

}  // namespace joblib::detail
