#include "joblib/store/detail/temporary_file.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "joblib/io/detail/posix.hpp"
#include "joblib/io/file.hpp"
#include "joblib/store/detail/folders.hpp"

namespace joblib::detail {

namespace {

namespace fs = std::filesystem;

constexpr std::time_t day = 86'400;  // seconds

// Where process ids mean the same: the host, and on it the namespace, of which containers have one
// each.
std::string host_prefix() {
  std::array<char, 256> host = {};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  struct stat space = {};
  const bool known = ::stat("/proc/self/ns/pid", &space) == 0;
  return std::string(host.data()) + "-" + std::to_string(known ? space.st_ino : 0) + "-";
}

// What begins the names of this process, as long as it is the one that was loaded: a fork may be in
// another namespace.
struct Names {
  pid_t process = ::getpid();
  std::string prefix = host_prefix() + std::to_string(process) + "-";

  static const Names& instance() {
    static const auto& names = *new Names;  // never destroyed
    return names;
  }
};

[[maybe_unused]] const auto& names_made_at_load = Names::instance();

// Names are <host>-<namespace>-<process>-<counter>.
std::string next_name() {
  static std::atomic<unsigned> counter = 0;
  const Names& names = Names::instance();
  const std::string number = std::to_string(counter++);
  return names.process == ::getpid() ? names.prefix + number : Names().prefix + number;
}

bool is_of_dead_process(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  pid_t process = 0;
  const char* end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, process);
  if (error != std::errc() || process <= 0 || rest == end || *rest != '-') return false;
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

class TemporaryFile final : public ByteSink {
 public:
  TemporaryFile(std::string target, const std::string& folder, bool fsync)
      : target_(std::move(target)), fsync_(fsync), fd_(make(folder)), sink_(fd_.get(), target_) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() override {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  void write(std::span<const std::byte> bytes) override { sink_.write(bytes); }
  void expect(std::uint64_t bytes) override { sink_.expect(bytes); }

  void finish() override {
    if (fsync_ && uninterrupted([&] { return ::fsync(fd_.get()); }) != 0)
      throw_io_error("make durable", target_, errno);
    // Some file systems report only now that writing failed.
    if (::close(fd_.release()) != 0 && errno != EINTR) {
      throw_io_error("write to", target_, errno);
    }
    const auto move = [&] { return ::rename(path_.c_str(), target_.c_str()); };
    int result = with_folder(target_, move);
    if (result != 0 && errno == EISDIR) {
      remove_tree(target_);
      result = with_folder(target_, move);
    }
    if (result != 0) {
      throw_io_error("create", target_, errno);
    }
    path_.clear();
    if (fsync_) sync_folder(fs::path(target_).parent_path());
  }

 private:
  FileDescriptor make(const std::string& folder) {
    FileDescriptor fd;
    do {
      path_ = folder + '/' + next_name();
      fd = FileDescriptor(with_folder(path_, [this] {
        return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      }));
    } while (fd.get() < 0 && errno == EEXIST);
    if (fd.get() < 0) throw_io_error("create", target_, errno);
    return fd;
  }

  const std::string target_;
  const bool fsync_;
  std::string path_ = {};  // of the file until it is moved
  FileDescriptor fd_;
  FileSink sink_;
};

}  // namespace

std::unique_ptr<ByteSink> create_file(std::string target, const std::string& folder, bool fsync) {
  return std::make_unique<TemporaryFile>(std::move(target), folder, fsync);
}

void remove_leftovers(const std::string& folder) noexcept try {
  const std::string prefix = host_prefix();
  const std::time_t now = std::time(nullptr);
  for (fs::directory_iterator entry(folder), end; entry != end; ++entry) {
    const fs::path& path = entry->path();
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0) continue;
    if (is_of_dead_process(path.filename().native(), prefix) || now - status.st_mtime > day) {
      ::unlink(path.c_str());
    }
  }
} catch (const std::exception&) {  // they wait for the next time
}

}  // namespace joblib::detail
