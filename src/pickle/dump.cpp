#include "joblib/pickle/dump.hpp"

#include <ostream>

#include <unistd.h>

#include "joblib/compress/compressor.hpp"
#include "joblib/io/file.hpp"
#include "joblib/io/iostream.hpp"
#include "joblib/io/memory.hpp"
#include "threads.hpp"

namespace joblib::detail {
namespace {

constexpr std::string_view default_compressor = "zlib";

// Null: not compressed. Only a file that has a name has an ending.
std::shared_ptr<const Compressor> choose_compressor(const Compress& compress,
                                                    const std::string& file_name) {
  if (!compress.name().empty()) {
    const auto named = find_compressor(compress.name());
    return compress.off() ? nullptr : named;
  }
  if (compress.has_value() && compress.off() && file_name.empty()) return nullptr;
  if (auto by_ending = compressor_of_extension(file_name)) return by_ending;
  if (!compress.has_value() || compress.off()) return nullptr;
  return find_compressor(default_compressor);
}

}  // namespace

struct Dump::Target {
  std::string name = {};  // for messages; empty where there is none
  std::unique_ptr<AtomicFile> file = {};
  std::unique_ptr<ByteSink> plain = {};  // where there is no file
  MemorySink* memory = nullptr;          // what plain is, if it is one
  std::unique_ptr<ByteSink> compressing = {};
  std::unique_ptr<PickleWriter> writer = {};
  bool fsync = false;

  ByteSink& out() { return file != nullptr ? file->sink() : *plain; }

  void open(const DumpOptions& options, const std::string& file_name, std::uint64_t position) {
    const int n_threads = resolve_threads(options.n_threads);
    const auto compressor = choose_compressor(options.compress, file_name);
    if (compressor != nullptr) {
      std::optional<int> level = options.compress.level();
      if (level == 0) level.reset();
      compressing = compressor->compress(out(), level, n_threads);
      position = 0;
    }
    writer =
        std::make_unique<PickleWriter>(compressing != nullptr ? *compressing : out(),
                                       WriteOptions{options.protocol, options.alignment, position});
    fsync = options.fsync;
  }
};

Dump::Dump(const std::filesystem::path& path, const DumpOptions& options)
    : target_(std::make_unique<Target>(path.string())) {
  target_->file = std::make_unique<AtomicFile>(path);
  target_->open(options, path.filename().string(), 0);
}

Dump::Dump(std::ostream& stream, const DumpOptions& options)
    : target_(std::make_unique<Target>("output stream")) {
  const std::streamoff position = stream.tellp();
  target_->plain = std::make_unique<OstreamSink>(stream);
  target_->open(options, {}, position < 0 ? 0 : static_cast<std::uint64_t>(position));
}

Dump::Dump(int fd, const DumpOptions& options)
    : target_(std::make_unique<Target>("file descriptor " + std::to_string(fd))) {
  target_->plain = std::make_unique<FileSink>(fd, target_->name);
  const off_t position = lseek(fd, 0, SEEK_CUR);  // -1 where that is not possible
  target_->open(options, {}, position < 0 ? 0 : static_cast<std::uint64_t>(position));
}

Dump::Dump(std::unique_ptr<ByteSink> sink, const DumpOptions& options)
    : target_(std::make_unique<Target>()) {
  target_->plain = std::move(sink);
  target_->open(options, {}, 0);
}

Dump::Dump(const DumpOptions& options) : target_(std::make_unique<Target>()) {
  auto memory = std::make_unique<MemorySink>();
  target_->memory = memory.get();
  target_->plain = std::move(memory);
  target_->open(options, {}, 0);
}

Dump::~Dump() = default;

PickleWriter& Dump::writer() { return *target_->writer; }

void Dump::commit() {
  target_->writer->finish();
  if (target_->compressing != nullptr) target_->compressing->finish();
  if (target_->file != nullptr) {
    target_->file->commit(target_->fsync);
  } else {
    target_->plain->finish();
  }
}

void Dump::fail(const Mismatch& mismatch) const {
  const std::string& name = target_->name;
  throw Error(mismatch.code(), (name.empty() ? "" : name + ": ") + mismatch.what());
}

bytes Dump::take() { return bytes(target_->memory->take()); }

}  // namespace joblib::detail
