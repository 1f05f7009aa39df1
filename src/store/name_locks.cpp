#include "joblib/store/detail/name_locks.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/io/detail/posix.hpp"
#include "joblib/store/detail/folders.hpp"

namespace joblib::detail {

// All that exist. Never destroyed: stores may be used until the process ends.
struct NameLocks::Process {
  ForkSafeMutex mutex;
  std::vector<NameLocks*> all;  // guarded by mutex
  int forks = 0;                // how many lie between the first process and this one

  Process() {
    pthread_atfork(nullptr, nullptr, [] { instance().forget_parent(); });
  }

  static Process& instance() {
    static auto& process = *new Process;
    return process;
  }
  static inline const Process& made_at_load = instance();

  // In the child of a fork. A descriptor that it kept would keep the parent's locks beyond its end.
  void forget_parent() {
    ++forks;
    for (NameLocks* locks : all) {
      locks->queues_.clear();
      if (locks->file_) *locks->file_ = FileDescriptor();
      locks->file_ = nullptr;
    }
  }
};

namespace {

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// The byte at `key` stands for the names with this key. False where that can't be locked.
bool set_lock(int fd, short type, std::uint64_t key) {
  struct flock range = {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(key);
  range.l_len = 1;
  return uninterrupted([&] { return ::fcntl(fd, F_OFD_SETLKW, &range); }) == 0;
}

bool is_removed(int fd) {
  struct stat status = {};
  return ::fstat(fd, &status) != 0 || status.st_nlink == 0;
}

}  // namespace

class NameLocks::Held final : public StoreLock {
 public:
  Held(NameLocks& locks, std::uint64_t key) : locks_(locks), key_(key) { locks_.acquire(key); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() override {
    if (forks_ != Process::instance().forks) return;  // the parent's
    if (file_) set_lock(file_->get(), F_UNLCK, key_);
    locks_.release(key_);
  }

  bool lock_file() {
    file_ = locks_.file();
    if (file_ && set_lock(file_->get(), F_WRLCK, key_)) return true;
    file_ = nullptr;
    return false;
  }

 private:
  NameLocks& locks_;
  const std::uint64_t key_;
  const int forks_ = Process::instance().forks;
  std::shared_ptr<FileDescriptor> file_ = nullptr;
};

NameLocks::NameLocks(std::string file) : path_(std::move(file)) {
  Process& process = Process::instance();
  const std::lock_guard lock(process.mutex);
  process.all.push_back(this);
}

NameLocks::~NameLocks() {
  Process& process = Process::instance();
  const std::lock_guard lock(process.mutex);
  std::erase(process.all, this);
}

std::unique_ptr<StoreLock> NameLocks::lock(std::string_view name) {
  auto held = std::make_unique<Held>(*this, fnv1a(name) >> 1);
  if (!path_.empty() && !held->lock_file()) return nullptr;
  return held;
}

void NameLocks::acquire(std::uint64_t key) {
  std::unique_lock lock(Process::instance().mutex);
  const auto [found, is_new] = queues_.try_emplace(key);
  Queue& queue = found->second;
  if (is_new) return;
  ++queue.waiting;
  while (queue.held) {
    const int before = queue.released;
    lock.unlock();
    queue.released.wait(before);
    lock.lock();
  }
  --queue.waiting;
  queue.held = true;
}

void NameLocks::release(std::uint64_t key) {
  const std::lock_guard lock(Process::instance().mutex);
  const auto found = queues_.find(key);
  Queue& queue = found->second;
  if (queue.waiting == 0) {
    queues_.erase(found);
    return;
  }
  queue.held = false;
  ++queue.released;
  queue.released.notify_one();
}

// Opened once, and anew when somebody has removed it: other processes would lock another one.
std::shared_ptr<FileDescriptor> NameLocks::file() {
  ForkSafeMutex& mutex = Process::instance().mutex;
  std::unique_lock lock(mutex);
  auto current = file_;
  lock.unlock();
  if (current && !is_removed(current->get())) return current;
  FileDescriptor fd(with_folder(
      path_, [this] { return ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666); }));
  if (fd.get() < 0) return nullptr;
  lock.lock();
  if (file_ == current) file_ = std::make_shared<FileDescriptor>(std::move(fd));
  return file_;
}

}  // namespace joblib::detail
