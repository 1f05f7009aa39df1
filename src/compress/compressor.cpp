#include "joblib/compress/compressor.hpp"

#include <algorithm>
#include <atomic>
#include <tuple>
#include <utility>

#include "built_in.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/registry.hpp"
#include "read_ahead.hpp"

namespace joblib {

namespace {

struct Registered {
  std::shared_ptr<const Compressor> compressor;
  int order = 0;  // of registration; built-in ones come first
};

struct Compressors {
  detail::Registry<Registered> by_name{"compressor",
                                       {{"zlib", {detail::make_zlib()}},
                                        {"gzip", {detail::make_gzip()}},
                                        {"bz2", {detail::make_bz2()}},
                                        {"lzma", {detail::make_lzma()}},
                                        {"xz", {detail::make_xz()}},
                                        {"lz4", {detail::make_lz4()}},
                                        {"zstd", {detail::make_zstd()}}}};
  std::atomic<int> added = 0;
};

// Never destroyed: files may be written until the process ends.
Compressors& compressors() {
  static auto& instance = *new Compressors;
  return instance;
}

[[maybe_unused]] const auto& made_at_load = compressors();

// The longest, latest one whose `key`, a member of Format, satisfies `fits`.
template <class Fits>
std::shared_ptr<const Compressor> best(std::string Compressor::Format::*key, Fits fits) {
  Registered best;
  const auto rank = [key](const Registered& each) {
    return std::tuple((each.compressor->format().*key).size(), each.order);
  };
  for (const std::string& name : compressors().by_name.names()) {
    const Registered each = compressors().by_name.get(name);
    if (!fits(each.compressor->format().*key)) continue;
    if (best.compressor == nullptr || rank(each) > rank(best)) best = each;
  }
  return best.compressor;
}

class MissingCompressor final : public Compressor {
 public:
  MissingCompressor(Format format, std::string message)
      : Compressor(std::move(format)), message_(std::move(message)) {}

 private:
  std::unique_ptr<ByteSink> do_compress(ByteSink&, int, int) const override {
    throw Error(errc::unsupported, message_);
  }
  std::unique_ptr<ByteSource> do_decompress(ByteSource&, int) const override {
    throw Error(errc::unsupported, message_);
  }

  std::string message_;
};

}  // namespace

std::shared_ptr<const Compressor> detail::make_missing(const std::string& name,
                                                       Compressor::Format format,
                                                       const std::string& library,
                                                       const std::string& option) {
  return std::make_shared<MissingCompressor>(
      std::move(format), "This build of joblib has no compressor '" + name + "': install " +
                             library + " and build joblib with -D" + option + "=ON.");
}

Compressor::Compressor(Format format) : format_(std::move(format)) {
  if (format_.prefix.empty() || format_.extension.empty()) {
    throw Error(errc::invalid_argument,
                "A compressor needs a prefix and an extension: empty ones would match every file.");
  }
}

std::unique_ptr<ByteSink> Compressor::compress(ByteSink& target, std::optional<int> level,
                                               int n_threads) const {
  const int chosen = level.value_or(format_.default_level);
  if (chosen < format_.min_level || chosen > format_.max_level) {
    throw Error(errc::invalid_argument, "Invalid compression level " + std::to_string(chosen) +
                                            " for " + format_.extension + " files: give one from " +
                                            std::to_string(format_.min_level) + " to " +
                                            std::to_string(format_.max_level) + ".");
  }
  return do_compress(target, chosen, std::max(n_threads, 1));
}

std::unique_ptr<ByteSource> Compressor::decompress(ByteSource& source, int n_threads) const {
  auto decompressed = do_decompress(source, std::max(n_threads, 1));
  if (n_threads <= 1) return decompressed;
  return std::make_unique<detail::ReadAhead>(std::move(decompressed));
}

void register_compressor(std::string name, std::shared_ptr<const Compressor> compressor,
                         CompressorRegistration registration) {
  if (compressor == nullptr) {
    throw Error(errc::invalid_argument,
                "register_compressor: the compressor of '" + name + "' is a null pointer");
  }
  compressors().by_name.add(std::move(name), {std::move(compressor), ++compressors().added},
                            registration.force);
}

std::shared_ptr<const Compressor> detail::find_compressor(std::string_view name) {
  return compressors().by_name.get(name).compressor;
}

std::shared_ptr<const Compressor> detail::compressor_of_extension(std::string_view file_name) {
  return best(&Compressor::Format::extension,
              [&](const std::string& extension) { return file_name.ends_with(extension); });
}

std::shared_ptr<const Compressor> detail::compressor_of_prefix(std::string_view first_bytes) {
  return best(&Compressor::Format::prefix,
              [&](const std::string& prefix) { return first_bytes.starts_with(prefix); });
}

std::size_t detail::longest_prefix() {
  return best(&Compressor::Format::prefix, [](const std::string&) { return true; })
      ->format()
      .prefix.size();
}

}  // namespace joblib
