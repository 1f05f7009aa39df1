#include "joblib/io/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "joblib/core/error.hpp"

namespace joblib::detail {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why, errc code) {
  throw Error(code, "Can't map the file '" + path.string() + "' into memory: " + why + ".");
}

std::string text_of(int error) { return std::generic_category().message(error); }

// Opening a FIFO would wait for its other end.
FileDescriptor open(const std::filesystem::path& path, bool for_writing) {
  return FileDescriptor(
      ::open(path.c_str(), (for_writing ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK));
}

FileDescriptor open_for_map(const std::filesystem::path& path, MmapMode mode) {
  FileDescriptor file = open(path, mode == MmapMode::r_plus || mode == MmapMode::w_plus);
  if (file.get() < 0) {
    const int error = errno;
    refuse(path, text_of(error), error == ENOENT ? errc::not_found : errc::io_error);
  }
  return file;
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path, MmapMode mode)
    : MappedFile(open_for_map(path, mode), path, mode) {}

MappedFile::MappedFile(const FileDescriptor& file, const std::filesystem::path& name, MmapMode mode)
    : path_(name), mode_(mode) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) refuse(path_, text_of(errno), errc::io_error);
  if (!S_ISREG(status.st_mode)) refuse(path_, "it is no regular file", errc::io_error);
  has_name_ = status.st_nlink > 0;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return;  // can't be mapped
  void* first = ::mmap(nullptr, size, is_writable() ? PROT_READ | PROT_WRITE : PROT_READ,
                       is_shared() ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  if (first == MAP_FAILED) refuse(path_, text_of(errno), errc::io_error);
  bytes_ = {static_cast<std::byte*>(first), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

FileDescriptor MappedFile::reopen() const noexcept {
  FileDescriptor file = open(path_, is_shared());
  struct stat status = {};
  const bool is_same = file.get() >= 0 && ::fstat(file.get(), &status) == 0 &&
                       status.st_dev == device_ && status.st_ino == inode_;
  return is_same ? std::move(file) : FileDescriptor();
}

void flush_mapped(std::span<std::byte> bytes) {
  if (bytes.empty()) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t before = reinterpret_cast<std::uintptr_t>(bytes.data()) % page;
  if (::msync(bytes.data() - before, bytes.size() + before, MS_SYNC) != 0) {
    throw Error(errc::io_error,
                "Can't write a memory map back to its file: " + text_of(errno) + ".");
  }
}

}  // namespace joblib::detail
