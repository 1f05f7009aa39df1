#include "joblib/pickle/detail/array_files.hpp"

#include "joblib/core/error.hpp"
#include "joblib/io/mapped_file.hpp"

namespace joblib::detail {

std::shared_ptr<MappedFile> ReceivedFiles::map(std::size_t file, MmapMode mode) {
  if (file >= files_.size()) {
    throw Error(errc::corrupt_data, "an array refers to a file that has not come with the pickle");
  }
  std::shared_ptr<MappedFile>& mapped = maps_[{file, mode}];
  if (mapped == nullptr) {
    mapped = std::make_shared<MappedFile>(files_[file], "shared array", mode);
  }
  return mapped;
}

}  // namespace joblib::detail
