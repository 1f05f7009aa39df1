#include "joblib/pickle/load.hpp"

#include <istream>
#include <utility>

#include <unistd.h>

#include "joblib/compress/compressor.hpp"
#include "joblib/core/log.hpp"
#include "joblib/io/file.hpp"
#include "joblib/io/iostream.hpp"
#include "joblib/io/mapped_file.hpp"
#include "joblib/io/memory.hpp"
#include "joblib/pickle/detail/reader.hpp"
#include "joblib/pickle/detail/z_file.hpp"
#include "threads.hpp"

namespace joblib::detail {
namespace {

bool wants_native_order(const LoadOptions& options) {
  if (options.mmap_mode && options.ensure_native_byte_order.value_or(false)) {
    throw Error(errc::invalid_argument,
                "Native byte ordering can only be enforced if 'mmap_mode' is not set, but got "
                "'mmap_mode=" +
                    std::string(name_of(*options.mmap_mode)) + "' instead.");
  }
  return options.ensure_native_byte_order.value_or(!options.mmap_mode);
}

}  // namespace

struct Load::State {
  explicit State(std::string input_name, FileDescriptor input_file = {})
      : name(std::move(input_name)), file(std::move(input_file)) {}

  std::string name;
  FileDescriptor file = {};
  Value root = {};
  std::uint64_t size = 0;
  Extraction extraction = {.document = std::make_shared<Document>()};

  // Reads the value from `source`. Returns how many bytes of it were read too many.
  std::size_t read(ByteSource& source, const LoadOptions& options, ReadOptions reading,
                   const std::filesystem::path& path = {}) {
    reading.native_byte_order = wants_native_order(options);
    const int n_threads = resolve_threads(options.n_threads);
    if (const auto* const files = dynamic_cast<const FileSource*>(&source)) {
      extraction.file = files->whole_file();
      reading.leave_arrays = extraction.file >= 0;
    }
    BufferedInput input(source, name);
    if (input.peek(z_file_prefix.size()) == z_file_prefix) {
      read_z(input, options, std::move(reading));
      return 0;
    }
    const auto compressor = compressor_of_prefix(input.peek(longest_prefix()));
    if (compressor == nullptr) {
      if (options.mmap_mode && !path.empty()) {
        // All of it comes from the map: by now the name may belong to another file.
        reading.map = std::make_shared<MappedFile>(path, *options.mmap_mode);
        MemorySource source_in_map(reading.map->bytes());
        BufferedInput mapped(source_in_map, name);
        parse(mapped, std::move(reading));
        return 0;
      }
      parse(input, std::move(reading));
      return input.buffered();
    }
    warn_of_ignored_map(options, "compressed file " + name);
    reading.leave_arrays = false;
    InputSource compressed(input);
    const auto decompressed = compressor->decompress(compressed, n_threads);
    BufferedInput content(*decompressed, name);
    parse(content, std::move(reading));
    content.at_end();  // the checksum comes last
    return 0;
  }

  void read_z(BufferedInput& input, const LoadOptions& options, ReadOptions reading) {
    log(LogLevel::warning, "The file '" + name +
                               "' has been generated with a joblib version less than 0.10. Please "
                               "regenerate this pickle file.");
    warn_of_ignored_map(options, "compressed file " + name);
    reading.leave_arrays = false;
    const std::vector<std::byte> bytes = read_z_file(input);
    MemorySource source(bytes);
    BufferedInput content(source, name);
    parse(content, std::move(reading));
  }

  void parse(BufferedInput& input, ReadOptions reading) {
    extraction.document->limit(std::uint64_t{1} << 20);
    const std::uint64_t begin = input.position();
    root = Reader(input, *extraction.document, std::move(reading)).read();
    size = input.position() - begin;
    extraction.budget = extraction.document->budget();
  }

  static void warn_of_ignored_map(const LoadOptions& options, const std::string& what) {
    if (!options.mmap_mode) return;
    const std::string mode(name_of(*options.mmap_mode));
    log(LogLevel::warning, "mmap_mode \"" + mode + "\" is not compatible with " + what + ". \"" +
                               mode + "\" flag will be ignored.");
  }
};

Load::Load(const std::filesystem::path& path, const LoadOptions& options)
    : state_(std::make_unique<State>(path.string(), open_for_reading(path))) {
  FileSource source(state_->file.get(), state_->name);
  state_->read(source, options, {.folder = path.parent_path()}, path);
}

Load::Load(std::istream& stream, const LoadOptions& options)
    : state_(std::make_unique<State>("input stream")) {
  State::warn_of_ignored_map(options, "streams");
  IstreamSource source(stream);
  const std::size_t too_many = state_->read(source, options, {});
  if (too_many == 0) return;
  const auto flags = stream.rdstate();
  stream.clear();
  if (!stream.seekg(-static_cast<std::streamoff>(too_many), std::ios::cur)) stream.clear(flags);
}

Load::Load(int fd, const LoadOptions& options)
    : state_(std::make_unique<State>("file descriptor " + std::to_string(fd))) {
  State::warn_of_ignored_map(options, "file descriptors");
  FileSource source(fd, state_->name);
  const std::size_t too_many = state_->read(source, options, {});
  if (too_many > 0) lseek(fd, -static_cast<off_t>(too_many), SEEK_CUR);  // where that is possible
}

Load::Load(std::span<const std::byte> bytes, const LoadOptions& options)
    : state_(std::make_unique<State>("bytes")) {
  State::warn_of_ignored_map(options, "bytes in memory");
  MemorySource source(bytes);
  state_->read(source, options, {});
}

Load::Load(std::span<const std::byte> bytes, ReceivedFiles files)
    : state_(std::make_unique<State>("bytes")) {
  MemorySource source(bytes);
  BufferedInput input(source, state_->name);
  state_->parse(input, {.native_byte_order = true, .files = &files});
}

Load::Load(ByteSource& source, std::string name, const LoadOptions& options)
    : state_(std::make_unique<State>(std::move(name))) {
  State::warn_of_ignored_map(options, "the store");
  state_->read(source, options, {});
}

Load::~Load() = default;

Extraction& Load::extraction() { return state_->extraction; }

const Value& Load::root() const { return state_->root; }

std::uint64_t Load::size() const noexcept { return state_->size; }

void Load::fail(const Error& error) const {
  throw Error(error.code(), state_->name + ": " + error.what());
}

}  // namespace joblib::detail
