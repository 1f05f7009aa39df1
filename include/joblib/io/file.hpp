#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

/// Owns a POSIX file descriptor; -1 stands for none. Where the program has closed its standard
/// streams, new files get their numbers, and whoever writes to the streams would write there: such
/// a descriptor, 0 to 2, is exchanged for one that is none of these, with close-on-exec. It stays
/// if the system refuses.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {
    if (fd >= 0 && fd <= last_stream) leave_streams();
  }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  static constexpr int last_stream = 2;

  void leave_streams() noexcept;

  int fd_ = -1;
};

/// Puts /dev/null in the places of standard streams that the program has closed, until it opens
/// them anew. To be called before something is opened that another thread, or a child that it
/// forks, might take for such a stream and write to, before a FileDescriptor moves it away. Does
/// nothing if the system refuses.
void fill_closed_streams() noexcept;

/// Opens for reading, with close-on-exec. Throws Error naming the path: errc::not_found where there
/// is no such file, errc::io_error otherwise (a folder included).
FileDescriptor open_for_reading(const std::filesystem::path& path);

/// Reads a descriptor, which is its own or somebody else's, from its current position; a
/// non-blocking one is waited for. `name` is for messages. remaining() is known for regular files,
/// where skip() reads nothing.
class FileSource final : public ByteSource {
 public:
  FileSource(int fd, std::string name);
  FileSource(FileDescriptor fd, std::string name);
  /// Of a file that has just been opened, with its size; 0 where that is not known.
  FileSource(FileDescriptor fd, std::string name, std::uint64_t size);

  std::size_t read(std::span<std::byte> buffer) override;
  std::uint64_t skip(std::uint64_t count) override;
  std::optional<std::uint64_t> remaining() const override { return left_; }

  /// The descriptor of a regular file that is at its beginning, where positions in the file are
  /// those of the source; -1 otherwise.
  int whole_file() const { return left_ && left_ == size_ ? fd_ : -1; }

 private:
  void find_size();
  void advance(std::uint64_t count);

  FileDescriptor owned_ = {};
  int fd_;
  std::string name_;
  std::optional<std::uint64_t> size_ = {};
  std::optional<std::uint64_t> left_ = {};
};

/// Writes to a descriptor that somebody else owns, from its current position; a non-blocking one is
/// waited for. expect() reserves space of regular files (fallocate), so that a full disk is noticed
/// early and writing is faster.
class FileSink final : public ByteSink {
 public:
  FileSink(int fd, std::string name);

  void write(std::span<const std::byte> bytes) override;
  void expect(std::uint64_t bytes) override;

 private:
  int fd_;
  std::string name_;
};

/// Makes the names in a folder durable, where the file system can do that for folders.
void sync_folder(const std::filesystem::path& folder);

/// A file that appears under its name complete or not at all. The bytes go to a temporary file in
/// the same folder; commit() renames it. Destroyed without commit() it leaves no trace. The file
/// keeps the permissions of the one that it replaces, which must be writable; a new one gets 0666
/// less the umask. A target that is a symbolic link stays one, what it points to is replaced.
/// Targets that are no regular files (a terminal, a FIFO) are written directly.
class AtomicFile {
 public:
  /// Throws Error naming the path.
  explicit AtomicFile(const std::filesystem::path& target);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  ByteSink& sink() noexcept { return *sink_; }

  /// To be called once, after the last byte. With `fsync` the bytes and the new name are on the
  /// disk when it returns.
  void commit(bool fsync);

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_ = {};  // empty where the target is written directly
  FileDescriptor fd_;
  std::unique_ptr<FileSink> sink_ = nullptr;
};

}  // namespace joblib::detail
