#include "joblib/core/detail/cpu_limits.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joblib/core/detail/c_file.hpp"
#include "joblib/core/detail/parse_number.hpp"
#include "joblib/core/log.hpp"

// /proc/self/cgroup (man 7 cgroups), one line per hierarchy:
//   id ":" controllers joined by "," ":" path of the process's cgroup; version 2: "0::" path
// /proc/self/mountinfo (man 5 proc_pid_mountinfo), one line per mount:
//   id parent device root mount-point options optional-field* "-" type source super-options
//   Blanks, tabs, newlines and backslashes in root and mount-point are written \ooo (octal).
// Quotas, in microseconds. Version 2: cpu.max is "quota period" or "max period"; version 1:
//   cpu.cfs_quota_us (-1: none) and cpu.cfs_period_us.

namespace joblib::detail {

namespace {

namespace fs = std::filesystem;

// Empty if it can't be read.
std::string read_file(const fs::path& path) {
  const CFile file = open_to_read(path);
  if (file == nullptr) return {};
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), file.get()))
    text.append(part.data(), count);
  return std::ferror(file.get()) != 0 ? std::string() : text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::vector<std::string> words(std::string_view text) {
  constexpr std::string_view space = " \t\n\v\f\r";
  std::vector<std::string> words;
  for (std::size_t begin = 0; (begin = text.find_first_not_of(space, begin)) != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(space, begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

bool contains(const std::vector<std::string>& items, std::string_view item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

void lower(std::optional<int>& limit, std::optional<int> other) {
  if (other) limit = std::min(limit.value_or(*other), *other);
}

struct CgroupMount {
  fs::path root;   // the cgroup that is mounted
  fs::path point;  // the folder that shows it
};

std::optional<fs::path> find_cgroup(const std::string& proc_cgroup, CgroupVersion version) {
  for (const auto& line : split(proc_cgroup, '\n')) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const bool found = version == CgroupVersion::v2 ? line.starts_with("0::")
                                                    : contains(split(controllers, ','), "cpu");
    if (found) return line.substr(second + 1);
  }
  return {};
}

std::string unescape(std::string_view text) {
  std::string result;
  for (; !text.empty(); text.remove_prefix(1)) {
    unsigned char code = 0;
    if (text.size() >= 4 && text[0] == '\\' &&
        std::from_chars(text.data() + 1, text.data() + 4, code, 8).ptr == text.data() + 4) {
      result += static_cast<char>(code);
      text.remove_prefix(3);
    } else {
      result += text[0];
    }
  }
  return result;
}

std::vector<CgroupMount> find_mounts(const std::string& proc_mountinfo, CgroupVersion version) {
  std::vector<CgroupMount> mounts;
  for (const auto& line : split(proc_mountinfo, '\n')) {
    const auto fields = words(line);
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (dash - fields.begin() < 6 || fields.end() - dash < 4) continue;
    const bool found = version == CgroupVersion::v2
                           ? dash[1] == "cgroup2"
                           : dash[1] == "cgroup" && contains(split(dash[3], ','), "cpu");
    if (found) mounts.push_back({unescape(fields[3]), unescape(fields[4])});
  }
  return mounts;
}

// The folders that show `cgroup` and its ancestors; `mounts` are those of its hierarchy.
std::vector<fs::path> find_folders(const fs::path& root, const fs::path& cgroup,
                                   const std::vector<CgroupMount>& mounts) {
  // Mount points, and the process's cgroup relative to each. A mount that doesn't show that cgroup
  // counts only if none does: then it is a container's own, seen from another cgroup namespace.
  std::vector<std::pair<fs::path, fs::path>> showing;
  std::vector<std::pair<fs::path, fs::path>> others;
  for (const auto& mount : mounts) {
    const auto folder = root / mount.point.relative_path();
    const auto relative = cgroup.lexically_relative(mount.root);
    if (relative.empty() || *relative.begin() == "..") {
      others.emplace_back(folder, fs::path());
    } else {
      showing.emplace_back(folder, relative);
    }
  }
  std::vector<fs::path> folders;
  for (auto& [folder, relative] : showing.empty() ? others : showing) {
    folders.push_back(folder);
    for (const auto& name : relative) {
      if (name != ".") folders.push_back(folder /= name);
    }
  }
  return folders;
}

}  // namespace

CgroupQuotas::CgroupQuotas(fs::path root) : root_(std::move(root)) {}

std::vector<CgroupQuotas::Cgroup> CgroupQuotas::find(const fs::path& root) {
  std::vector<Cgroup> cgroups;
  const auto proc_cgroup = read_file(root / "proc/self/cgroup");
  const auto proc_mountinfo = read_file(root / "proc/self/mountinfo");
  for (const auto version : {CgroupVersion::v1, CgroupVersion::v2}) {
    const auto cgroup = find_cgroup(proc_cgroup, version);
    if (!cgroup) continue;
    for (auto& folder : find_folders(root, *cgroup, find_mounts(proc_mountinfo, version))) {
      cgroups.push_back({std::move(folder), version});
    }
  }
  return cgroups;
}

std::optional<int> CgroupQuotas::limit() {
  {
    const std::lock_guard lock(mutex_);
    if (!cgroups_) cgroups_ = find(root_);
  }
  std::optional<int> limit;
  for (const auto& cgroup : *cgroups_) lower(limit, read(cgroup));
  return limit;
}

std::optional<int> CgroupQuotas::read(const Cgroup& cgroup) {
  const bool is_v2 = cgroup.version == CgroupVersion::v2;
  std::string text = read_file(cgroup.folder / (is_v2 ? "cpu.max" : "cpu.cfs_quota_us"));
  if (text.empty() || text.starts_with('-')) return {};
  if (!is_v2) text += ' ' + read_file(cgroup.folder / "cpu.cfs_period_us");
  const auto fields = words(text);
  if (fields.size() != 2) return {};
  const auto quota = parse_number<std::int64_t>(fields[0]);
  const auto period = parse_number<std::int64_t>(fields[1]);
  if (!quota || !period || *quota <= 0 || *period <= 0) return {};
  const auto cpus = (*quota - 1) / *period + 1;
  return static_cast<int>(std::min<std::int64_t>(cpus, std::numeric_limits<int>::max()));
}

std::optional<int> physical_core_count(const fs::path& root) {
  const auto cpus = root / "sys/devices/system/cpu";
  const auto online = words(read_file(cpus / "online"));  // e.g. "0-3,8"
  if (online.size() != 1) return {};
  std::set<std::string> cores;  // each by the list of its logical CPUs
  for (const auto& range : split(online[0], ',')) {
    const auto dash = range.find('-');
    const auto first = parse_number<std::int64_t>(range.substr(0, dash));
    const auto last =
        dash == range.npos ? first : parse_number<std::int64_t>(range.substr(dash + 1));
    if (!first || !last || *first > *last) return {};
    for (auto cpu = *first; cpu <= *last; ++cpu) {
      const auto topology = cpus / ("cpu" + std::to_string(cpu)) / "topology";
      auto siblings = words(read_file(topology / "core_cpus_list"));
      if (siblings.empty()) siblings = words(read_file(topology / "thread_siblings_list"));
      if (siblings.size() != 1) return {};
      cores.insert(siblings[0]);
    }
  }
  return static_cast<int>(cores.size());
}

PhysicalCores::PhysicalCores(fs::path root) : root_(std::move(root)) {}

int PhysicalCores::get_or(int logical) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = !std::exchange(counted_, true);
    if (first) cores_ = physical_core_count(root_);
  }
  if (first && !cores_) {
    log(LogLevel::warning,
        "Could not find the number of physical cores in /sys/devices/system/cpu; using the number "
        "of logical cores instead. To use fewer, set LOKY_MAX_CPU_COUNT.");
  }
  return cores_.value_or(logical);
}

}  // namespace joblib::detail
