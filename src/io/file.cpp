#include "joblib/io/file.hpp"

#include <algorithm>
#include <cerrno>
#include <random>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "joblib/core/error.hpp"
#include "joblib/io/detail/posix.hpp"

namespace joblib::detail {

namespace {

// Calls read(2) or write(2); again where a non-blocking descriptor was not ready.
template <class Call>
ssize_t transfer(int fd, short event, Call call) {
  for (;;) {
    const ssize_t count = uninterrupted(call);
    if (count >= 0 || errno != EAGAIN) return count;
    pollfd waiting = {.fd = fd, .events = event, .revents = 0};
    uninterrupted([&] { return ::poll(&waiting, 1, -1); });
  }
}

std::optional<std::uint64_t> size_of_regular(int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

// What a chain of symbolic links ends in, whether or not that exists.
std::filesystem::path behind_links(std::filesystem::path path) {
  for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(path)); ++links) {
    if (links == 40) throw_io_error("open", path.string(), ELOOP);
    path = path.parent_path() / std::filesystem::read_symlink(path);
  }
  return path;
}

// Another name at each call, short, so that it fits wherever the name of the target does.
std::filesystem::path temporary_beside(const std::filesystem::path& target) {
  std::random_device random;
  std::string name = ".joblib-";
  for (int i = 0; i < 16; ++i) name += "0123456789abcdef"[random() % 16];
  return target.parent_path() / (name + ".tmp");
}

}  // namespace

void sync_folder(const std::filesystem::path& folder) {
  const std::string name = folder.empty() ? "." : folder.string();
  const FileDescriptor fd(
      uninterrupted([&] { return ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (fd.get() < 0) throw_io_error("open the folder", name, errno);
  if (::fsync(fd.get()) != 0 && errno != EINVAL) throw_io_error("make durable", name, errno);
}

void throw_io_error(const std::string& action, const std::string& name, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  throw Error(missing ? errc::not_found : errc::io_error,
              "Can't " + action + " '" + name + "': " + std::generic_category().message(error));
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

void FileDescriptor::leave_streams() noexcept {
  const int other = ::fcntl(fd_, F_DUPFD_CLOEXEC, last_stream + 1);
  if (other < 0) return;
  ::close(fd_);
  fd_ = other;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void fill_closed_streams() noexcept {
  for (int stream = 0; stream <= STDERR_FILENO; ++stream) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    const int null = uninterrupted([] { return ::open("/dev/null", O_RDWR | O_CLOEXEC); });
    if (null > STDERR_FILENO) ::close(null);  // another thread was here first
  }
}

FileDescriptor open_for_reading(const std::filesystem::path& path) {
  FileDescriptor fd(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (fd.get() < 0) throw_io_error("open", path.string(), errno);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) throw_io_error("open", path.string(), errno);
  if (S_ISDIR(status.st_mode)) throw_io_error("read", path.string(), EISDIR);
  return fd;
}

FileSource::FileSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) { find_size(); }

FileSource::FileSource(FileDescriptor fd, std::string name)
    : owned_(std::move(fd)), fd_(owned_.get()), name_(std::move(name)) {
  find_size();
}

FileSource::FileSource(FileDescriptor fd, std::string name, std::uint64_t size)
    : owned_(std::move(fd)), fd_(owned_.get()), name_(std::move(name)) {
  if (size > 0) left_ = size_ = size;
}

void FileSource::find_size() {
  const off_t position = ::lseek(fd_, 0, SEEK_CUR);
  size_ = size_of_regular(fd_);
  // Files of /proc say that they are empty: no size of 0 is known for sure.
  if (position < 0 || !size_ || *size_ == 0) return;
  left_ = *size_ - std::min(*size_, static_cast<std::uint64_t>(position));
}

std::size_t FileSource::read(std::span<std::byte> buffer) {
  const ssize_t count =
      transfer(fd_, POLLIN, [&] { return ::read(fd_, buffer.data(), buffer.size()); });
  if (count < 0) throw_io_error("read", name_, errno);
  advance(static_cast<std::uint64_t>(count));
  return static_cast<std::size_t>(count);
}

std::uint64_t FileSource::skip(std::uint64_t count) {
  if (!left_) return ByteSource::skip(count);
  count = std::min(count, *left_);
  if (::lseek(fd_, static_cast<off_t>(count), SEEK_CUR) < 0) throw_io_error("read", name_, errno);
  advance(count);
  return count;
}

void FileSource::advance(std::uint64_t count) {
  if (left_) *left_ -= std::min(*left_, count);
}

FileSink::FileSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

void FileSink::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        transfer(fd_, POLLOUT, [&] { return ::write(fd_, bytes.data(), bytes.size()); });
    if (count < 0) throw_io_error("write to", name_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void FileSink::expect(std::uint64_t bytes) {
  const off_t position = ::lseek(fd_, 0, SEEK_CUR);
  if (position < 0) return;
  const int result = uninterrupted(
      [&] { return ::fallocate(fd_, FALLOC_FL_KEEP_SIZE, position, static_cast<off_t>(bytes)); });
  if (result != 0 && errno == ENOSPC) {
    throw_io_error("write " + std::to_string(bytes) + " bytes to", name_, ENOSPC);
  }
}

AtomicFile::AtomicFile(const std::filesystem::path& target) {
  struct stat status = {};
  const bool exists = ::stat(target.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    fd_ =
        FileDescriptor(uninterrupted([&] { return ::open(target.c_str(), O_WRONLY | O_CLOEXEC); }));
  } else if (exists && ::access(target.c_str(), W_OK) != 0) {
    throw_io_error("replace", target.string(), errno);
  } else {
    target_ = behind_links(target);
    do {
      temporary_ = temporary_beside(target_);
      fd_ = FileDescriptor(uninterrupted([this] {
        return ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      }));
    } while (fd_.get() < 0 && errno == EEXIST);
  }
  if (fd_.get() < 0) {
    const int error = errno;
    temporary_.clear();
    throw_io_error("write to", target.string(), error);
  }
  if (exists && !temporary_.empty() && ::fchmod(fd_.get(), status.st_mode & 0777) != 0) {
    const int error = errno;
    ::unlink(temporary_.c_str());
    throw_io_error("set the permissions of", target.string(), error);
  }
  sink_ = std::make_unique<FileSink>(fd_.get(), target.string());
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::commit(bool fsync) {
  if (temporary_.empty()) return;
  if (fsync && ::fsync(fd_.get()) != 0) throw_io_error("make durable", target_.string(), errno);
  // Some file systems report only now that writing failed.
  if (::close(fd_.release()) != 0 && errno != EINTR)
    throw_io_error("write to", target_.string(), errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    throw_io_error("replace", target_.string(), errno);
  temporary_.clear();
  if (fsync) sync_folder(target_.parent_path());
}

}  // namespace joblib::detail
