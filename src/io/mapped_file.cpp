#include "joblib/io/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include "joblib/core/error.hpp"

namespace joblib::detail {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why, errc code) {
  throw Error(code, "Can't map the file '" + path.string() + "' into memory: " + why + ".");
}

std::string text_of(int error) { return std::generic_category().message(error); }

// Closes on destruction, when the map keeps the file on its own.
struct OpenFile {
  explicit OpenFile(int descriptor) noexcept : fd(descriptor) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (fd >= 0) ::close(fd);
  }
  const int fd;
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path, MmapMode mode)
    : path_(path), mode_(mode) {
  const bool shared = mode == MmapMode::r_plus || mode == MmapMode::w_plus;
  // Opening a FIFO would wait for its other end.
  const OpenFile file(::open(path.c_str(), (shared ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK));
  if (file.fd < 0) {
    const int error = errno;
    refuse(path, text_of(error), error == ENOENT ? errc::not_found : errc::io_error);
  }
  struct stat status = {};
  if (::fstat(file.fd, &status) != 0) refuse(path, text_of(errno), errc::io_error);
  if (!S_ISREG(status.st_mode)) refuse(path, "it is no regular file", errc::io_error);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return;  // can't be mapped
  void* first = ::mmap(nullptr, size, is_writable() ? PROT_READ | PROT_WRITE : PROT_READ,
                       shared ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE, file.fd, 0);
  if (first == MAP_FAILED) refuse(path, text_of(errno), errc::io_error);
  bytes_ = {static_cast<std::byte*>(first), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
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
