#include "joblib/core/detail/cpu_limits.hpp"

#include <deque>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "core/file_tree.hpp"
#include "core/sink_guard.hpp"

using joblib::detail::CgroupQuotas;
using joblib::detail::physical_core_count;
using joblib::test::FileTree;

namespace {

const std::string cpus = "sys/devices/system/cpu/";

std::string mount_line(const std::string& root, const std::string& point,
                       const std::string& type_and_options) {
  return "31 23 0:28 " + root + " " + point + " rw,nosuid shared:4 - " + type_and_options + "\n";
}

const std::string system_mounts =
    "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"
    "23 22 0:21 / /proc rw,nosuid - proc proc rw\n"
    "24 22 0:22 / /sys rw - sysfs sysfs rw\n";

const std::string v2_mount = mount_line("/", "/sys/fs/cgroup", "cgroup2 cgroup2 rw,nsdelegate");
const std::string v1_mounts =
    mount_line("/", "/sys/fs/cgroup/cpuset", "cgroup cgroup rw,cpuset") +
    mount_line("/", "/sys/fs/cgroup/cpu,cpuacct", "cgroup cgroup rw,cpu,cpuacct");

void write_proc(const FileTree& tree, const std::string& cgroup, const std::string& mounts) {
  tree.write("proc/self/cgroup", cgroup);
  tree.write("proc/self/mountinfo", system_mounts + mounts);
}

void write_v1_quota(const FileTree& tree, const std::filesystem::path& folder,
                    const std::string& quota, const std::string& period = "100000\n") {
  tree.write(folder / "cpu.cfs_quota_us", quota);
  tree.write(folder / "cpu.cfs_period_us", period);
}

void write_core(const FileTree& tree, int cpu, const std::string& file, const std::string& list) {
  tree.write(cpus + "cpu" + std::to_string(cpu) + "/topology/" + file, list);
}

}  // namespace

TEST_CASE("Without any file there is no cgroup limit") {
  const FileTree tree;
  CHECK(CgroupQuotas(tree.root()).limit() == std::nullopt);
  CHECK(CgroupQuotas(tree.root() / "missing").limit() == std::nullopt);
}

TEST_CASE("A version 2 quota is rounded up to whole CPUs") {
  const auto [text, limit] = GENERATE(table<std::string, std::optional<int>>(
      {{"200000 100000\n", 2},
       {"200001 100000\n", 3},
       {"100000 100000", 1},
       {"50000 100000\n", 1},
       {"1 1000000\n", 1},
       {"9223372036854775807 1\n", std::numeric_limits<int>::max()},
       {"max 100000\n", std::nullopt},
       {"-1 100000\n", std::nullopt},
       {"0 100000\n", std::nullopt},
       {"100000 0\n", std::nullopt},
       {"100000 -5\n", std::nullopt},
       {"100000\n", std::nullopt},
       {"100000 100000 100000\n", std::nullopt},
       {"many 100000\n", std::nullopt},
       {"1e5 100000\n", std::nullopt},
       {"100000 100000us\n", std::nullopt},
       {"9223372036854775808 1\n", std::nullopt},
       {"\n", std::nullopt},
       {"", std::nullopt}}));
  CAPTURE(text);
  const FileTree tree;
  write_proc(tree, "0::/jobs\n", v2_mount);
  tree.write("sys/fs/cgroup/jobs/cpu.max", text);
  CHECK(CgroupQuotas(tree.root()).limit() == limit);
}

TEST_CASE("The smallest quota of a cgroup and its ancestors is the limit") {
  const FileTree tree;
  write_proc(tree, "0::/a/b/c\n", v2_mount);
  const std::filesystem::path mount = "sys/fs/cgroup";
  tree.write(mount / "a/b/c/cpu.max", "800000 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 8);
  tree.write(mount / "a/b/cpu.max", "max 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 8);
  tree.write(mount / "a/cpu.max", "250000 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 3);
  tree.write(mount / "a/b/cpu.max", "garbage\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 3);
  tree.write(mount / "cpu.max", "200000 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 2);
  tree.write(mount / "a/b/c/cpu.max", "100000 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 1);
}

TEST_CASE("Quotas of other cgroups are no limit") {
  const FileTree tree;
  write_proc(tree, "0::/a/b\n", v2_mount);
  tree.write("sys/fs/cgroup/a/b/child/cpu.max", "100000 100000\n");
  tree.write("sys/fs/cgroup/a/sibling/cpu.max", "100000 100000\n");
  tree.write("sys/fs/cgroup/b/cpu.max", "100000 100000\n");
  tree.write("sys/fs/cpu.max", "100000 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == std::nullopt);
}

TEST_CASE("In a cgroup namespace the mount itself is the cgroup") {
  const FileTree tree;
  write_proc(tree, "0::/\n", v2_mount);
  tree.write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 2);
}

TEST_CASE("A mount may show the process's cgroup or an ancestor as its root") {
  const FileTree tree;
  const auto mounted = [&](const std::string& root) {
    write_proc(tree, "0::/docker/1f2e/task\n",
               mount_line(root, "/sys/fs/cgroup", "cgroup2 cgroup rw"));
    return CgroupQuotas(tree.root()).limit();
  };
  tree.write("sys/fs/cgroup/cpu.max", "300000 100000\n");
  tree.write("sys/fs/cgroup/task/cpu.max", "200000 100000\n");
  CHECK(mounted("/docker/1f2e") == 2);
  CHECK(mounted("/docker/1f2e/task") == 3);
}

TEST_CASE("A mount that does not show the process's cgroup counts only if none does") {
  const FileTree tree;
  tree.write("sys/fs/cgroup/cpu.max", "300000 100000\n");
  tree.write("sys/fs/cgroup/jobs/cpu.max", "200000 100000\n");
  tree.write("mnt/other/cpu.max", "100000 100000\n");
  const auto other = mount_line("/other", "/mnt/other", "cgroup2 cgroup rw");

  write_proc(tree, "0::/jobs\n", other + v2_mount);
  CHECK(CgroupQuotas(tree.root()).limit() == 2);
  write_proc(tree, "0::/jobs\n", other);
  CHECK(CgroupQuotas(tree.root()).limit() == 1);
  // Names that only begin alike are different cgroups.
  write_proc(tree, "0::/other2\n", other + v2_mount);
  CHECK(CgroupQuotas(tree.root()).limit() == 3);

  SECTION("The mount was made outside of the cgroup namespace") {
    write_proc(tree, "0::/\n", mount_line("/../..", "/sys/fs/cgroup", "cgroup2 cgroup rw"));
    CHECK(CgroupQuotas(tree.root()).limit() == 3);
  }
  SECTION("The process was moved out of its cgroup namespace") {
    write_proc(tree, "0::/../jobs\n", v2_mount);
    CHECK(CgroupQuotas(tree.root()).limit() == 3);
  }
}

TEST_CASE("A version 1 quota is found in the hierarchy of the cpu controller") {
  const FileTree tree;
  write_proc(tree, "11:cpuset:/pinned\n4:cpu,cpuacct:/jobs\n1:name=systemd:/user\n", v1_mounts);
  const std::filesystem::path mount = "sys/fs/cgroup/cpu,cpuacct";
  write_v1_quota(tree, "sys/fs/cgroup/cpuset/jobs", "100000\n");
  write_v1_quota(tree, mount / "pinned", "100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == std::nullopt);
  write_v1_quota(tree, mount / "jobs", "250000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 3);
  write_v1_quota(tree, mount, "200000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 2);
}

TEST_CASE("A version 1 quota is rounded up to whole CPUs") {
  const auto [quota, period, limit] = GENERATE(table<std::string, std::string, std::optional<int>>({
      {"400000\n", "100000\n", 4},
      {"25000\n", "50000\n", 1},
      {"50001", "50000", 2},
      {"-1\n", "100000\n", std::nullopt},
      {"0\n", "100000\n", std::nullopt},
      {"100000\n", "0\n", std::nullopt},
      {"\n", "100000\n", std::nullopt},
      {"100000\n", "100000 100000\n", std::nullopt},
      {"lots\n", "100000\n", std::nullopt},
  }));
  CAPTURE(quota, period);
  const FileTree tree;
  write_proc(tree, "4:cpu:/jobs\n", mount_line("/", "/cgroup/cpu", "cgroup cgroup rw,cpu"));
  write_v1_quota(tree, "cgroup/cpu/jobs", quota, period);
  CHECK(CgroupQuotas(tree.root()).limit() == limit);
}

TEST_CASE("A version 1 quota without its period is no limit") {
  const FileTree tree;
  write_proc(tree, "4:cpu:/jobs\n", mount_line("/", "/cgroup/cpu", "cgroup cgroup rw,cpu"));
  tree.write("cgroup/cpu/jobs/cpu.cfs_quota_us", "100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == std::nullopt);
}

TEST_CASE("With both cgroup versions the smaller limit counts") {
  const FileTree tree;
  write_proc(tree, "4:cpu,cpuacct:/v1\n0::/v2\n",
             v1_mounts + mount_line("/", "/sys/fs/cgroup/unified", "cgroup2 cgroup2 rw"));
  const std::filesystem::path v1 = "sys/fs/cgroup/cpu,cpuacct/v1";
  const std::filesystem::path v2 = "sys/fs/cgroup/unified/v2/cpu.max";
  write_v1_quota(tree, v1, "300000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 3);
  tree.write(v2, "200000 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 2);
  write_v1_quota(tree, v1, "100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 1);
  write_v1_quota(tree, v1, "-1\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 2);
}

TEST_CASE("Cgroup paths may hold blanks and colons and backslashes") {
  const FileTree tree;
  write_proc(tree, "0::/a b:c\\d\n",
             mount_line("/a\\040b:c\\134d", "/my\\040mount", "cgroup2 cgroup rw"));
  tree.write("my mount/cpu.max", "200000 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 2);

  write_proc(tree, "0::/a b:c\\d\n", v2_mount);
  tree.write("sys/fs/cgroup/a b:c\\d/cpu.max", "100000 100000\n");
  CHECK(CgroupQuotas(tree.root()).limit() == 1);
}

TEST_CASE("Malformed lines of the proc files are skipped") {
  const FileTree tree;
  tree.write("sys/fs/cgroup/jobs/cpu.max", "200000 100000\n");
  write_proc(
      tree, "\nnonsense\n0:\n:\n0::/jobs\n",
      "\n-\n1 2 3\n- cgroup2 cgroup2 rw\n31 23 0:28 / /x rw - cgroup2\n31 - cgroup2 cgroup2 rw\n" +
          v2_mount + "31 23 0:28 / /sys/fs/cgr");
  CHECK(CgroupQuotas(tree.root()).limit() == 2);

  SECTION("No line is left") {
    write_proc(tree, "nonsense\n", v2_mount);
    CHECK(CgroupQuotas(tree.root()).limit() == std::nullopt);
    write_proc(tree, "0::/jobs\n", "nonsense\n");
    CHECK(CgroupQuotas(tree.root()).limit() == std::nullopt);
  }
  SECTION("A file is a folder") {
    std::filesystem::create_directories(tree.root() / "sys/fs/cgroup/jobs/task/cpu.max");
    write_proc(tree, "0::/jobs/task\n", v2_mount);
    CHECK(CgroupQuotas(tree.root()).limit() == 2);
  }
}

TEST_CASE("Physical cores are the distinct lists of their logical CPUs") {
  const FileTree tree;
  tree.write(cpus + "online", "0-3\n");
  for (int cpu = 0; cpu < 4; ++cpu) {
    write_core(tree, cpu, "core_cpus_list", cpu % 2 == 0 ? "0,2\n" : "1,3\n");
  }
  CHECK(physical_core_count(tree.root()) == 2);

  SECTION("Every CPU is a core") {
    for (int cpu = 0; cpu < 4; ++cpu) {
      write_core(tree, cpu, "core_cpus_list", std::to_string(cpu) + "\n");
    }
    CHECK(physical_core_count(tree.root()) == 4);
  }
  SECTION("Offline CPUs are not counted") {
    write_core(tree, 1, "core_cpus_list", "1\n");
    write_core(tree, 5, "core_cpus_list", "5\n");
    write_core(tree, 6, "core_cpus_list", "6\n");
    tree.write(cpus + "online", "0,2,5\n");
    CHECK(physical_core_count(tree.root()) == 2);
    tree.write(cpus + "online", "5-6,0-0,2\n");
    CHECK(physical_core_count(tree.root()) == 3);
  }
}

TEST_CASE("Physical cores are found by the older name of the list too") {
  const FileTree tree;
  tree.write(cpus + "online", "0-1\n");
  write_core(tree, 0, "thread_siblings_list", "0-1\n");
  write_core(tree, 1, "thread_siblings_list", "0-1\n");
  CHECK(physical_core_count(tree.root()) == 1);
  write_core(tree, 0, "core_cpus_list", "0\n");
  write_core(tree, 1, "core_cpus_list", "1\n");
  CHECK(physical_core_count(tree.root()) == 2);
}

TEST_CASE("Physical cores are not guessed from incomplete files") {
  const FileTree tree;
  CHECK(physical_core_count(tree.root()) == std::nullopt);
  write_core(tree, 0, "core_cpus_list", "0\n");
  CHECK(physical_core_count(tree.root()) == std::nullopt);
  tree.write(cpus + "online", "0-1\n");
  CHECK(physical_core_count(tree.root()) == std::nullopt);
  write_core(tree, 1, "core_cpus_list", "\n");
  CHECK(physical_core_count(tree.root()) == std::nullopt);
  write_core(tree, 1, "core_cpus_list", "1\n");
  CHECK(physical_core_count(tree.root()) == 2);

  const std::string online =
      GENERATE(as<std::string>(), "", "\n", ",", "0,,1", "1-0", "-1", "0-", "-", "0-1-2", "0..1",
               "0-1 2", "all", "0-9223372036854775807");
  CAPTURE(online);
  tree.write(cpus + "online", online);
  CHECK(physical_core_count(tree.root()) == std::nullopt);
}

TEST_CASE("Physical cores are counted once") {
  const FileTree tree;
  joblib::detail::PhysicalCores cores(tree.root());
  tree.write(cpus + "online", "0\n");
  write_core(tree, 0, "core_cpus_list", "0\n");
  CHECK(cores.get_or(7) == 1);
  tree.write(cpus + "online", "nonsense\n");
  CHECK(cores.get_or(7) == 1);
}

TEST_CASE("Cores that cannot be counted are reported once") {
  const FileTree tree;
  std::vector<std::pair<joblib::LogLevel, std::string>> messages;
  const joblib::test::SinkGuard guard(
      [&](const joblib::LogRecord& record) { messages.emplace_back(record.level, record.text); });
  joblib::detail::PhysicalCores cores(tree.root());
  {
    std::deque<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { cores.get_or(7); });
  }
  CHECK(cores.get_or(7) == 7);
  CHECK(cores.get_or(5) == 5);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].first == joblib::LogLevel::warning);
  CHECK(messages[0].second ==
        "Could not find the number of physical cores in /sys/devices/system/cpu; using the number "
        "of logical cores instead. To use fewer, set LOKY_MAX_CPU_COUNT.");
}
