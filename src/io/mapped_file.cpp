#include "joblib/io/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
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

std::shared_ptr<const FileDescriptor> open_for_map(const std::filesystem::path& path,
                                                   MmapMode mode) {
  FileDescriptor file = open(path, mode == MmapMode::r_plus || mode == MmapMode::w_plus);
  if (file.get() < 0) {
    const int error = errno;
    refuse(path, text_of(error), error == ENOENT ? errc::not_found : errc::io_error);
  }
  return std::make_shared<const FileDescriptor>(std::move(file));
}

// Files without a name that stay open, of this process.
constexpr int most_kept = 64;
std::atomic<int> kept_files = 0;

std::shared_ptr<const FileDescriptor> kept(const std::shared_ptr<const FileDescriptor>& file) {
  if (++kept_files > most_kept) {
    --kept_files;
    return nullptr;
  }
  return {file.get(), [file](const FileDescriptor*) { --kept_files; }};
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path, MmapMode mode)
    : MappedFile(open_for_map(path, mode), path, mode) {}

MappedFile::MappedFile(const std::shared_ptr<const FileDescriptor>& file,
                       const std::filesystem::path& name, MmapMode mode)
    : path_(name), mode_(mode) {
  struct stat status = {};
  if (::fstat(file->get(), &status) != 0) refuse(path_, text_of(errno), errc::io_error);
  if (!S_ISREG(status.st_mode)) refuse(path_, "it is no regular file", errc::io_error);
  has_name_ = status.st_nlink > 0;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return;  // can't be mapped
  void* first = ::mmap(nullptr, size, is_writable() ? PROT_READ | PROT_WRITE : PROT_READ,
                       is_shared() ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE, file->get(), 0);
  if (first == MAP_FAILED) refuse(path_, text_of(errno), errc::io_error);
  bytes_ = {static_cast<std::byte*>(first), size};
  if (!has_name_ && !is_shared()) kept_ = kept(file);
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

// /proc/self/pagemap (Linux' admin-guide/mm/pagemap) has 8 bytes for each page: bit 63, it is in
// memory; 62, it is swapped out; 61, it is the file's.
bool MappedFile::are_in_file(std::span<const std::byte> bytes) const noexcept {
  if (mode_ != MmapMode::c || bytes.empty()) return true;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  std::uintptr_t next = reinterpret_cast<std::uintptr_t>(bytes.data()) / page;
  const std::uintptr_t end =
      (reinterpret_cast<std::uintptr_t>(bytes.data()) + bytes.size() - 1) / page + 1;
  const FileDescriptor pagemap(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  std::array<std::uint64_t, 512> entries = {};  // 4 KiB: a stack may be small
  while (next < end) {
    const std::size_t count = std::min<std::size_t>(end - next, entries.size());
    const std::size_t size = count * sizeof(entries[0]);
    if (::pread(pagemap.get(), entries.data(), size,
                static_cast<off_t>(next * sizeof(entries[0]))) != static_cast<ssize_t>(size))
      return false;
    const auto is_own = [](std::uint64_t entry) {
      return (entry >> 62 & 1) != 0 || (entry >> 63 != 0 && (entry >> 61 & 1) == 0);
    };
    if (std::any_of(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count), is_own))
      return false;
    next += count;
  }
  return true;
}

std::shared_ptr<const FileDescriptor> MappedFile::file() const {
  if (kept_ != nullptr) return kept_;
  FileDescriptor file = open(path_, is_shared());
  struct stat status = {};
  const bool is_same = file.get() >= 0 && ::fstat(file.get(), &status) == 0 &&
                       status.st_dev == device_ && status.st_ino == inode_;
  return is_same ? std::make_shared<const FileDescriptor>(std::move(file)) : nullptr;
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
