#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "joblib/io/mmap_mode.hpp"
#include "joblib/pickle/detail/array_files.hpp"

namespace joblib::detail {

/// How arrays travel between processes of this machine.
struct SharingOptions {
  std::uint64_t max_nbytes = std::numeric_limits<std::uint64_t>::max();  ///< larger ones are shared
  /// Of their files; empty: there are none while there is little shared memory, and then they are
  /// in the system's folder for temporary files.
  std::filesystem::path temp_folder = {};
  bool writes_through = false;  ///< what a process changes is changed for all
  /// So much is little, of all processes; unset: half of the machine's memory.
  std::optional<std::uint64_t> most_memory = {};
};

/// The arrays of a call that several of its messages may refer to: each is written once, and kept
/// as long as the call, or its owner if that ends before; of very many, those used last.
/// Thread-safe.
class LastingArrays {
 public:
  explicit LastingArrays(SharingOptions options) : options_(std::move(options)) {}

  const SharingOptions& options() const noexcept { return options_; }

  /// A file of this array alone.
  std::shared_ptr<const FileDescriptor> file_of(const Array& array, Order order);

 private:
  struct Known {
    Array array;  // without its owner
    std::weak_ptr<std::byte> owner;
    bool has_owner;
    std::shared_ptr<const FileDescriptor> file;
  };

  const SharingOptions options_;
  std::mutex mutex_ = {};
  std::vector<Known> known_ = {};  // the one used last at the end; guarded by mutex_
};

/// A file without a name for arrays: in memory, unless the options or the memory that is left say
/// otherwise. Throws Error.
std::shared_ptr<const FileDescriptor> new_array_file(const SharingOptions& options);

/// A file for arrays where the file system can't make one without a name, like NFS: it loses its
/// name before this returns. Those that a killed process has left, a minute ago or more, are
/// removed. No descriptor, and errno, where the system refuses.
FileDescriptor renounced_file(const std::filesystem::path& folder);

/// Takes the arrays of one message: those that are mapped, by their file, and large ones.
class MessageFiles final : public ArrayFiles {
 public:
  explicit MessageFiles(const SharingOptions& options) : options_(options) {}
  explicit MessageFiles(LastingArrays& lasting) : options_(lasting.options()), lasting_(&lasting) {}
  /// Arrays go to this one, which the other process has as well, as long as there is room for them.
  MessageFiles(const SharingOptions& options, std::shared_ptr<const FileDescriptor> file);

  std::optional<ArrayPlace> put(const Array& array, Order order) override;

  FileList take() { return std::exchange(files_, {}); }

 private:
  struct OwnFile {
    std::size_t index;
    std::uint64_t size;
    bool in_memory;
  };
  struct Map {
    std::shared_ptr<std::byte> elements;  // which keep it
    const MappedFile* file;
    std::size_t index;
  };

  std::optional<ArrayPlace> place_in_map(const Array& array);
  ArrayPlace place_of_lasting(const Array& array, Order order);
  std::optional<ArrayPlace> append(const Array& array, Order order);
  std::size_t add(std::shared_ptr<const FileDescriptor> file);

  const SharingOptions& options_;
  LastingArrays* lasting_ = nullptr;
  const bool has_one_file_ = false;
  FileList files_ = {};
  std::vector<Map> maps_ = {};
  std::optional<OwnFile> own_ = {};  // of this message's arrays alone
};

}  // namespace joblib::detail
