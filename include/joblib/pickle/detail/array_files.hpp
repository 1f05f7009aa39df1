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

  /// Elements at this address stay there, and what they are, beyond the pickle.
  void set_lasting(const void* elements) noexcept { lasting_ = elements; }

 protected:
  bool lasts(const void* elements) const noexcept { return elements == lasting_; }

 private:
  const void* lasting_ = nullptr;
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
