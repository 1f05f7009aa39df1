#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "joblib/io/file.hpp"
#include "joblib/io/mmap_mode.hpp"
#include "joblib/numpy/array.hpp"

// A pickle for another process of this machine can leave arrays to files, which go with it as
// descriptors. In it, the wrapper of such an array has the entries "file", an index, "offset" and
// "mmap_mode", and no elements follow.

namespace joblib::detail {

class MappedFile;

/// Descriptors that go with a pickle; several may have the same one.
using FileList = std::vector<std::shared_ptr<const FileDescriptor>>;

/// Where the elements of an array begin.
struct ArrayPlace {
  std::size_t file;  ///< an index
  std::uint64_t offset;
  /// r: others want to read them as they are; c: nobody else does; r_plus: changes are for all.
  MmapMode mode;
};

/// Takes arrays that are written.
class ArrayFiles {
 public:
  virtual ~ArrayFiles() = default;

  /// Where the elements now are, without gaps in `order`; nothing for an array that is left to the
  /// pickle.
  virtual std::optional<ArrayPlace> put(const Array& array, Order order) = 0;

  /// Whether the elements stay there, and what they are, beyond the pickle, as far as they have no
  /// owner or that lives: those in a LastingScope, and what others have handles of, too.
  bool lasts(const Array& array) const noexcept {
    const auto owners = array.data.use_count();
    return owners > 1 || (in_scope_ && (owners == 1 || array.data.get() == lasting_));
  }

 private:
  friend class LastingScope;

  bool in_scope_ = false;
  const void* lasting_ = nullptr;  // elements without an owner
};

/// While it lives, something is written that lasts longer than the pickle: elements at this
/// address, and arrays that have an owner.
class LastingScope {
 public:
  LastingScope(ArrayFiles* files, const void* elements) : files_(files) {
    if (files_ == nullptr) return;
    files_->in_scope_ = true;
    files_->lasting_ = elements;
  }
  ~LastingScope() {
    if (files_ != nullptr) files_->in_scope_ = false;
  }
  LastingScope(const LastingScope&) = delete;
  LastingScope& operator=(const LastingScope&) = delete;

 private:
  ArrayFiles* files_;
};

/// Maps the files that have come with a pickle.
class ReceivedFiles {
 public:
  explicit ReceivedFiles(std::span<const std::shared_ptr<const FileDescriptor>> files)
      : files_(files) {}

  /// Throws Error where there is no such file.
  std::shared_ptr<MappedFile> map(std::size_t file, MmapMode mode);

 private:
  std::span<const std::shared_ptr<const FileDescriptor>> files_;
  std::map<std::pair<std::size_t, MmapMode>, std::shared_ptr<MappedFile>> maps_ = {};
};

}  // namespace joblib::detail
