#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "joblib/core/detail/fork_safe_mutex.hpp"

namespace joblib::detail {

enum class CgroupVersion { v1, v2 };

/// The CPU quotas of the process's cgroups and their visible ancestors. Where they are is found
/// once, from proc/self/ and the cgroup mounts named there below `root` ("/" but in tests); what
/// they say is read anew each time.
class CgroupQuotas {
 public:
  explicit CgroupQuotas(std::filesystem::path root);

  /// The smallest ceil(quota / period), at least 1; empty where there is none. Missing or malformed
  /// files set no limit. Thread-safe.
  std::optional<int> limit();

 private:
  struct Cgroup {
    std::filesystem::path folder;
    CgroupVersion version;
  };

  static std::vector<Cgroup> find(const std::filesystem::path& root);
  static std::optional<int> read(const Cgroup& cgroup);

  std::filesystem::path root_;
  ForkSafeMutex mutex_ = {};
  std::optional<std::vector<Cgroup>> cgroups_ = {};  // made under mutex_, then constant
};

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
  ForkSafeMutex mutex_ = {};
  bool counted_ = false;           // guarded by mutex_
  std::optional<int> cores_ = {};  // made under mutex_, then constant
};

}  // namespace joblib::detail
