#include "joblib/process/detail/shared_arrays.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "joblib/io/detail/posix.hpp"
#include "joblib/io/mapped_file.hpp"
#include "joblib/process/detail/message.hpp"

namespace joblib::detail {
namespace {

namespace fs = std::filesystem;

// Each is an open file of both processes, which can't have many.
constexpr std::size_t most_lasting = 64;
constexpr std::size_t most_others = 128;  // in a message, beside its own
static_assert(most_others < most_files);
constexpr std::uint64_t alignment = 4096;

constexpr const char* shared_memory = "shared memory";
constexpr const char* renounced_name = "joblib-array-";  // begins so

// Of all processes, and of file systems in memory.
bool is_much_shared(const SharingOptions& options, std::uint64_t more) {
  struct sysinfo info = {};
  if (::sysinfo(&info) != 0) return false;
  const std::uint64_t half = std::uint64_t{info.totalram} * info.mem_unit / 2;
  const std::uint64_t most = options.most_memory.value_or(half);
  const std::uint64_t used = std::uint64_t{info.sharedram} * info.mem_unit;
  return used > most || more > most - used;
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
  if (file.get() < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) file = renounced_file(folder);
  if (file.get() < 0) throw_io_error("make a file for arrays in", folder.string(), errno);
  return file;
}

// Older ones than this file, which its server's clock has dated, too.
void remove_left_files(const fs::path& folder, const FileDescriptor& file) {
  constexpr std::time_t age = 60;
  struct stat now = {};
  if (::fstat(file.get(), &now) != 0) return;
  std::error_code ignored;
  for (fs::directory_iterator each(folder, ignored), end; each != end; each.increment(ignored)) {
    const std::string name = each->path().filename();
    struct stat status = {};
    if (name.starts_with(renounced_name) && ::lstat(each->path().c_str(), &status) == 0 &&
        S_ISREG(status.st_mode) && status.st_uid == now.st_uid &&
        status.st_mtime + age <= now.st_mtime)
      ::unlink(each->path().c_str());
  }
}

FileDescriptor memory_file() {
  FileDescriptor file(::memfd_create("joblib", MFD_CLOEXEC));
  if (file.get() < 0) throw_io_error("make", shared_memory, errno);
  return file;
}

bool fits_memory(const SharingOptions& options, std::uint64_t more) {
  return folder_of(options).empty() && !is_much_shared(options, more);
}

std::shared_ptr<const FileDescriptor> new_file(const SharingOptions& options, bool in_memory) {
  fill_closed_streams();
  if (in_memory) return std::make_shared<const FileDescriptor>(memory_file());
  fs::path folder = folder_of(options);
  std::error_code error;
  if (folder.empty()) folder = fs::temp_directory_path(error);
  if (error) throw_io_error("make a file for arrays in", "the folder of TMPDIR", error.value());
  return std::make_shared<const FileDescriptor>(file_in(folder));
}

// From the position of the file on.
void write_elements(const FileDescriptor& file, const Array& array, Order order) {
  FileSink sink(file.get(), shared_memory);
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

FileDescriptor renounced_file(const fs::path& folder) {
  std::string path = (folder / renounced_name).string() + "XXXXXX";
  FileDescriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (file.get() < 0) return file;
  ::unlink(path.c_str());
  remove_left_files(folder, file);
  return file;
}

std::shared_ptr<const FileDescriptor> LastingArrays::file_of(const Array& array, Order order) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_,
                [](const Known& known) { return known.has_owner && known.owner.expired(); });
  const auto found =
      std::ranges::find_if(known_, [&](const Known& known) { return is_same(known.array, array); });
  if (found != known_.end()) {
    std::rotate(found, found + 1, known_.end());
    return known_.back().file;
  }
  if (known_.size() == most_lasting) known_.erase(known_.begin());
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
      has_one_file_(true),
      files_{std::move(file)},
      own_(OwnFile{.index = 0, .size = 0, .in_memory = folder_of(options).empty()}) {}

std::optional<ArrayPlace> MessageFiles::put(const Array& array, Order order) {
  const bool may_add = !has_one_file_ && files_.size() < most_others;
  if (may_add && array.file != nullptr && array.is_contiguous(order)) {
    if (const auto place = place_in_map(array)) return place;
  }
  if (array.nbytes() <= options_.max_nbytes) return std::nullopt;
  if (may_add && lasting_ != nullptr && lasts(array)) return place_of_lasting(array, order);
  return append(array, order);
}

// Changes that stay in a map are in no file.
std::optional<ArrayPlace> MessageFiles::place_in_map(const Array& array) {
  const MappedFile& map = *array.file;
  if (!map.are_in_file({array.data.get(), array.nbytes()})) return std::nullopt;
  auto found = std::ranges::find(maps_, &map, &Map::file);
  if (found == maps_.end()) {
    std::shared_ptr<const FileDescriptor> file = map.file();
    if (file == nullptr) return std::nullopt;
    const std::size_t index = add(std::move(file));
    found = maps_.insert(found, {array.data, &map, index});
  }
  return ArrayPlace{.file = found->index,
                    .offset = static_cast<std::uint64_t>(array.data.get() - map.bytes().data()),
                    .mode = map.is_shared() ? MmapMode::r_plus : MmapMode::r};
}

ArrayPlace MessageFiles::place_of_lasting(const Array& array, Order order) {
  return {.file = add(lasting_->file_of(array, order)),
          .offset = 0,
          .mode = options_.writes_through ? MmapMode::r_plus : MmapMode::r};
}

std::optional<ArrayPlace> MessageFiles::append(const Array& array, Order order) {
  const bool in_memory = fits_memory(options_, array.nbytes());
  const bool fits_own = own_ && own_->in_memory == in_memory;
  if (!fits_own && (has_one_file_ || files_.size() == most_files)) return std::nullopt;
  if (!fits_own)
    own_ = OwnFile{.index = add(new_file(options_, in_memory)), .size = 0, .in_memory = in_memory};
  const FileDescriptor& file = *files_[own_->index];
  const std::uint64_t offset = (own_->size + alignment - 1) / alignment * alignment;
  if (::lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
    throw_io_error("write to", shared_memory, errno);
  write_elements(file, array, order);
  own_->size = offset + array.nbytes();
  return ArrayPlace{.file = own_->index,
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
