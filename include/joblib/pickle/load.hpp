#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "joblib/io/byte_stream.hpp"
#include "joblib/io/mmap_mode.hpp"
#include "joblib/pickle/detail/array_files.hpp"
#include "joblib/pickle/detail/extract.hpp"
#include "joblib/pickle/object.hpp"

namespace joblib {

struct LoadOptions {
  /// Arrays become maps of the file instead of being read, where the file is not compressed: `r`
  /// for ndarray<const T>, `r_plus` writes through to the file, `w_plus` the same, `c` keeps
  /// changes to this process. The file must stay as it is meanwhile.
  std::optional<MmapMode> mmap_mode = {};
  /// Arrays of the other byte order are swapped. Unset: unless they are mapped.
  std::optional<bool> ensure_native_byte_order = {};
  /// Threads that decompress, where the format allows: a positive number, -1 for all cores.
  int n_threads = 1;
};

namespace detail {

/// One load: the value that has been read, and what is needed to make a C++ value of it.
class Load {
 public:
  Load(const std::filesystem::path& path, const LoadOptions& options);
  Load(std::istream& stream, const LoadOptions& options);
  Load(int fd, const LoadOptions& options);
  Load(std::span<const std::byte> bytes, const LoadOptions& options);
  /// Of a pickle that files have come with.
  Load(std::span<const std::byte> bytes, ReceivedFiles files);
  /// `name` is for messages.
  Load(ByteSource& source, std::string name, const LoadOptions& options);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load();

  template <class T>
  T value() {
    try {
      return extract<T>(extraction(), root());
    } catch (const Error& error) {
      fail(error);
    }
  }

  Extraction& extraction();
  const Value& root() const;
  /// Of the pickle, in bytes: what was read, decompressed.
  std::uint64_t size() const noexcept;

 private:
  struct State;

  [[noreturn]] void fail(const Error& error) const;

  std::unique_ptr<State> state_;
};

}  // namespace detail

/// Reads a file that joblib::dump, or Python's joblib.dump or pickle.dump, has written, compressed
/// or not. No code that the file may name ever runs. Throws Error: errc::not_found where there is
/// no such file, corrupt_data for bytes that aren't what they should be, type_mismatch, with the
/// place inside the value, where it doesn't fit `T`.
template <class T = Object>
T load(const std::filesystem::path& path, const LoadOptions& options = {}) {
  return detail::Load(path, options).value<T>();
}

/// The same from a stream, from its current position, which is behind the value afterwards if the
/// stream can seek and the value is not compressed.
template <class T = Object>
T load(std::istream& stream, const LoadOptions& options = {}) {
  return detail::Load(stream, options).value<T>();
}

/// The same from a POSIX file descriptor, which stays open.
template <class T = Object, std::same_as<int> FileDescriptor>
T load(FileDescriptor fd, const LoadOptions& options = {}) {
  return detail::Load(fd, options).value<T>();
}

/// The value of bytes that dumps() has made, or that are the content of such a file.
template <class T = Object>
T loads(std::span<const std::byte> bytes, const LoadOptions& options = {}) {
  return detail::Load(bytes, options).value<T>();
}
template <class T = Object>
T loads(std::string_view bytes, const LoadOptions& options = {}) {
  return loads<T>(std::as_bytes(std::span(bytes)), options);
}

}  // namespace joblib
