#include "joblib/process/detail/shared_arrays.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "joblib/io/detail/posix.hpp"
#include "joblib/io/mapped_file.hpp"

namespace joblib::detail {
namespace {

namespace fs = std::filesystem;

// Beside the message's own files. Each is an open file of both processes, which have few.
constexpr std::size_t most_others = 64;
constexpr std::size_t most_lasting = 64;
constexpr std::uint64_t alignment = 4096;

constexpr const char* name = "shared memory";

// Of all processes, and of file systems in memory.
bool is_much_shared(std::uint64_t more) {
  struct sysinfo info = {};
  if (::sysinfo(&info) != 0) return false;
  const std::uint64_t half = std::uint64_t{info.totalram} * info.mem_unit / 2;
  const std::uint64_t used = std::uint64_t{info.sharedram} * info.mem_unit;
  return used > half || more > half - used;
}

fs::path folder_of(const SharingOptions& options) {
  if (!options.temp_folder.empty()) return options.temp_folder;
  const char* const folder = std::getenv("JOBLIB_TEMP_FOLDER");
  return folder != nullptr ? folder : "";
}

// A file that has no name, or not for long: it ends with the last process that has it open.
FileDescriptor file_in(const fs::path& folder) {
  std::error_code ignored;  // opening tells
  fs::create_directories(folder, ignored);
  FileDescriptor file(
      uninterrupted([&] { return ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); }));
  if (file.get() < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
    std::string path = (folder / "joblib-XXXXXX").string();
    file = FileDescriptor(::mkostemp(path.data(), O_CLOEXEC));
    if (file.get() >= 0) ::unlink(path.c_str());
  }
  if (file.get() < 0) throw_io_error("make a file for arrays in", folder.string(), errno);
  return file;
}

FileDescriptor memory_file() {
  FileDescriptor file(::memfd_create("joblib", MFD_CLOEXEC));
  if (file.get() < 0) throw_io_error("make", name, errno);
  return file;
}

bool fits_memory(const SharingOptions& options, std::uint64_t more) {
  return folder_of(options).empty() && !is_much_shared(more);
}

std::shared_ptr<const FileDescriptor> new_file(const SharingOptions& options, bool in_memory) {
  if (in_memory) return std::make_shared<const FileDescriptor>(memory_file());
  const fs::path folder = folder_of(options);
  return std::make_shared<const FileDescriptor>(
      file_in(folder.empty() ? fs::temp_directory_path() : folder));
}

// From the position of the file on.
void write_elements(const FileDescriptor& file, const Array& array, Order order) {
  FileSink sink(file.get(), name);
  for_each_piece(array, order, [&](std::span<const std::byte> piece) { sink.write(piece); });
}

bool is_same(const Array& a, const Array& b) {
  return a.data.get() == b.data.get() && a.shape == b.shape && a.strides == b.strides &&
         a.type == b.type;
}

}  // namespace

std::shared_ptr<const FileDescriptor> new_array_file(const SharingOptions& options) {
  return new_file(options, fits_memory(options, 0));
}

std::shared_ptr<const FileDescriptor> LastingArrays::file_of(const Array& array, Order order) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_,
                [](const Known& known) { return known.has_owner && known.owner.expired(); });
  const auto found =
      std::ranges::find_if(known_, [&](const Known& known) { return is_same(known.array, array); });
  if (found != known_.end()) return found->file;
  if (known_.size() == most_lasting) return nullptr;
  Known known{.array = array,
              .owner = array.data,
              .has_owner = array.data.use_count() > 0,
              .file = new_file(options_, fits_memory(options_, array.nbytes()))};
  known.array.data = {std::shared_ptr<std::byte>(), array.data.get()};
  write_elements(*known.file, array, order);
  return known_.emplace_back(std::move(known)).file;
}

MessageFiles::MessageFiles(const SharingOptions& options,
                           std::shared_ptr<const FileDescriptor> file)
    : options_(options),
      files_{std::move(file)},
      own_(OwnFile{.index = 0, .size = 0, .in_memory = true, .is_only_one = true}) {}

std::optional<ArrayPlace> MessageFiles::put(const Array& array, Order order) {
  const bool may_add = !own_ || !own_->is_only_one;
  if (may_add && array.file != nullptr && array.is_contiguous(order)) {
    if (const auto place = place_in_map(array)) return place;
  }
  if (array.nbytes() <= options_.max_nbytes) return std::nullopt;
  const bool is_kept = lasts(array.data.get()) || array.data.use_count() > 1;
  if (lasting_ != nullptr && is_kept) {
    if (const auto place = place_of_lasting(array, order)) return place;
  }
  return append(array, order);
}

// Changes that stay in a map are in no file.
std::optional<ArrayPlace> MessageFiles::place_in_map(const Array& array) {
  const MappedFile& map = *array.file;
  if (map.is_writable() && !map.is_shared()) return std::nullopt;
  const auto found =
      std::ranges::find(maps_, &map, &std::pair<const MappedFile*, std::size_t>::first);
  std::size_t index = 0;
  if (found != maps_.end()) {
    index = found->second;
  } else {
    FileDescriptor file = maps_.size() < most_others ? map.reopen() : FileDescriptor();
    if (file.get() < 0) return std::nullopt;
    index = add(std::make_shared<const FileDescriptor>(std::move(file)));
    maps_.emplace_back(&map, index);
  }
  return ArrayPlace{.file = index,
                    .offset = static_cast<std::uint64_t>(array.data.get() - map.bytes().data()),
                    .mode = map.is_shared() ? MmapMode::r_plus : MmapMode::r};
}

std::optional<ArrayPlace> MessageFiles::place_of_lasting(const Array& array, Order order) {
  auto file = lasting_->file_of(array, order);
  if (file == nullptr) return std::nullopt;
  return ArrayPlace{.file = add(std::move(file)),
                    .offset = 0,
                    .mode = options_.writes_through ? MmapMode::r_plus : MmapMode::r};
}

ArrayPlace MessageFiles::append(const Array& array, Order order) {
  const bool in_memory = fits_memory(options_, array.nbytes());
  if (!own_ || (own_->in_memory != in_memory && !own_->is_only_one)) {
    own_ = OwnFile{.index = add(new_file(options_, in_memory)),
                   .size = 0,
                   .in_memory = in_memory,
                   .is_only_one = false};
  }
  const FileDescriptor& file = *files_[own_->index];
  const std::uint64_t offset = (own_->size + alignment - 1) / alignment * alignment;
  if (::lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
    throw_io_error("write to", name, errno);
  write_elements(file, array, order);
  own_->size = offset + array.nbytes();
  return {.file = own_->index,
          .offset = offset,
          .mode = options_.writes_through ? MmapMode::r_plus : MmapMode::c};
}

// Its index, also if it has one already.
std::size_t MessageFiles::add(std::shared_ptr<const FileDescriptor> file) {
  const auto found = std::ranges::find(files_, file);
  const auto index = static_cast<std::size_t>(found - files_.begin());
  if (found == files_.end()) files_.push_back(std::move(file));
  return index;
}

}  // namespace joblib::detail
