#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "joblib/io/file.hpp"
#include "joblib/io/mmap_mode.hpp"

namespace joblib::detail {

/// The bytes of a whole file, mapped into memory as it was when it was opened. While it is mapped
/// the file may be renamed, replaced or removed; whoever cuts it short has readers killed by
/// SIGBUS.
class MappedFile {
 public:
  /// `r`: reading only. `r_plus` and `w_plus`: what is written goes to the file, which must exist.
  /// `c`: what is written stays in this map. Throws Error naming the path: errc::not_found where
  /// there is no such file, errc::io_error otherwise.
  MappedFile(const std::filesystem::path& path, MmapMode mode);
  /// The same of a file that is open, for reading at least; `name` is for messages.
  MappedFile(const std::shared_ptr<const FileDescriptor>& file, const std::filesystem::path& name,
             MmapMode mode);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  /// To be written only where the map is writable.
  std::span<std::byte> bytes() const noexcept { return bytes_; }
  bool is_writable() const noexcept { return mode_ != MmapMode::r; }
  const std::filesystem::path& path() const noexcept { return path_; }

  /// Whether the file had one when it was mapped; memory that processes share has none.
  bool has_name() const noexcept { return has_name_; }
  /// Whether the file has what is written to the map.
  bool is_shared() const noexcept { return mode_ == MmapMode::r_plus || mode_ == MmapMode::w_plus; }
  /// Whether these bytes of the map are the file's: with `c`, as long as nobody has written to
  /// their pages. False where the system doesn't tell.
  bool are_in_file(std::span<const std::byte> bytes) const noexcept;
  /// The file, open as it was for the map. Null where its name stands for another one by now, or
  /// for none; but where it had none, and others don't write to it, 64 of a process stay open as
  /// long as their maps.
  std::shared_ptr<const FileDescriptor> file() const;

 private:
  std::filesystem::path path_;
  MmapMode mode_;
  bool has_name_ = true;
  std::shared_ptr<const FileDescriptor> kept_ = nullptr;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  std::span<std::byte> bytes_ = {};
};

/// Writes changes of mapped bytes back to their file. Throws Error where the system can't.
void flush_mapped(std::span<std::byte> bytes);

}  // namespace joblib::detail
