// File systems that are full, or don't let the program write.

#include <string>

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "store/child.hpp"
#include "tools.hpp"

namespace joblib::test {
namespace {

std::string megabytes(int x) {
  ++calls;
  return std::string(static_cast<std::size_t>(x) << 20, 'x');
}

bool is_right(const MemorizedFunc<std::string (*)(int)>& cached, int x) {
  return cached(x) == std::string(static_cast<std::size_t>(x) << 20, 'x');
}

bool becomes_nobody() {
  constexpr uid_t nobody = 65534;
  return ::geteuid() != 0 || (::setgid(nobody) == 0 && ::setuid(nobody) == 0);
}

}  // namespace

TEST_CASE_METHOD(CacheFolder, "On a full disk results are still returned, and nothing is left") {
  // A small file system, in a child that nobody else sees the mount of.
  Child can_mount([&](Child&) {
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("none", folder.root().c_str(), "tmpfs", 0, "size=4m") == 0;
  });
  if (!can_mount.ended_well()) {
    WARN("skipped: no file system can be mounted here");
    return;
  }
  Child child([&](Child&) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.root().c_str(), "tmpfs", 0, "size=4m") != 0)
      return false;
    const Memory own(folder.root(), {.verbose = 0});
    const auto cached = own.cache("megabytes", megabytes);
    const auto warnings = logged(LogLevel::warning, [&] {
      if (!is_right(cached, 3) || !is_right(cached, 8) || !is_right(cached, 2)) std::abort();
    });
    if (warnings.size() != 2 || own.stats().store_errors != 2) return false;
    if (!fs::is_empty(root / ".tmp") || !cached.check_call_in_cache(3)) return false;
    if (cached.check_call_in_cache(8) || cached.check_call_in_cache(2)) return false;
    own.clear();
    return is_right(cached, 2) && cached.check_call_in_cache(2);
  });
  CHECK(child.ended_well());
}

TEST_CASE_METHOD(CacheFolder, "Without permissions results are still returned") {
  const auto cached = memory.cache("megabytes", megabytes);
  cached(1);
  fs::permissions(folder.root(), fs::perms::all);
  enum class Lost { writing, all };
  const Lost lost = GENERATE(Lost::writing, Lost::all);
  Child child([&](Child& self) {
    if (!becomes_nobody()) return false;
    self.report();
    self.wait_for_parent();
    bool well = true;
    const auto warnings = logged(LogLevel::warning, [&] {
      const bool hits = calls_of([&] { well = well && is_right(cached, 1); }) == 0;
      well = well && hits == (lost == Lost::writing) && is_right(cached, 2);
      const auto shelved = cached.call_and_shelve(3);
      well = well && !cached.check_call_in_cache(3);
    });
    return well && warnings.size() >= 2 && memory.stats().store_errors >= 2;
  });
  child.wait_for_report();
  const auto allowed = lost == Lost::writing ? fs::perms::owner_read | fs::perms::owner_exec |
                                                   fs::perms::others_read | fs::perms::others_exec
                                             : fs::perms::none;
  for (const fs::path& place : {root / ".tmp", root}) fs::permissions(place, allowed);
  child.go_on();
  CHECK(child.ended_well());
  for (const fs::path& place : {root, root / ".tmp"}) fs::permissions(place, fs::perms::all);
}

}  // namespace joblib::test
