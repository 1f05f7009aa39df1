#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "joblib/io/byte_stream.hpp"

namespace joblib {

/// One way to compress files. Derive from it and register_compressor() the object to add one; an
/// object serves many files at the same time, from several threads.
class Compressor {
 public:
  struct Format {
    std::string prefix;     ///< the first bytes of every file, by which load() knows it
    std::string extension;  ///< of file names for which dump() chooses it, e.g. ".gz"
    int default_level = 3;
    int min_level = 1;
    int max_level = 9;
  };

  /// Throws Error where the prefix or the extension is empty: they would match every file.
  explicit Compressor(Format format);
  virtual ~Compressor() = default;

  const Format& format() const noexcept { return format_; }

  /// A sink that writes what it gets, compressed, to `target`, which must outlive it and which its
  /// finish() doesn't finish. `level` unset means the default one; one out of bounds is an Error.
  /// `n_threads` is at least 1; a format that can't use several takes one.
  std::unique_ptr<ByteSink> compress(ByteSink& target, std::optional<int> level,
                                     int n_threads) const;

  /// A source of the decompressed bytes of `source`, which must outlive it and which it may read
  /// further than they go. It throws Error for damaged and truncated bytes; a checksum at the end
  /// is compared when read() returns 0. With several threads one decompresses ahead of the reader.
  std::unique_ptr<ByteSource> decompress(ByteSource& source, int n_threads) const;

 private:
  virtual std::unique_ptr<ByteSink> do_compress(ByteSink& target, int level,
                                                int n_threads) const = 0;
  virtual std::unique_ptr<ByteSource> do_decompress(ByteSource& source, int n_threads) const = 0;

  Format format_;
};

struct CompressorRegistration {
  bool force = false;  ///< needed to replace a built-in compressor
};

/// Adds a compressor under `name`, or replaces an added one; a null pointer, and names of built-in
/// compressors unless forced, are an Error. Thread-safe.
void register_compressor(std::string name, std::shared_ptr<const Compressor> compressor,
                         CompressorRegistration registration = {});

namespace detail {

/// Throws Error listing all names when there is none like this. A built-in one that this build of
/// the library lacks is found; using it is an Error with errc::unsupported that says what is
/// missing.
std::shared_ptr<const Compressor> find_compressor(std::string_view name);

/// By the end of a file's name; null where no extension fits. The longest one wins, of equal ones
/// the one registered last.
std::shared_ptr<const Compressor> compressor_of_extension(std::string_view file_name);

/// By the first bytes of a file; null where no prefix fits. The winner is chosen likewise.
std::shared_ptr<const Compressor> compressor_of_prefix(std::string_view first_bytes);

/// The number of bytes that compressor_of_prefix() needs.
std::size_t longest_prefix();

}  // namespace detail
}  // namespace joblib
