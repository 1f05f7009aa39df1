#pragma once

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "joblib/io/byte_stream.hpp"
#include "joblib/pickle/bytes.hpp"
#include "joblib/pickle/detail/mismatch.hpp"
#include "joblib/pickle/detail/save.hpp"
#include "joblib/pickle/detail/writer.hpp"

namespace joblib {

/// Whether and how a file is compressed: `true` (zlib, level 3), `false` or 0 (not at all), a level
/// from 1 to 9 of zlib, the name of a compressor, or {name, level}, where level 0 means not at all.
/// Unset, and where only a level is given, the ending of the file's name chooses the compressor.
class Compress {
 public:
  Compress() = default;
  template <std::same_as<bool> Bool>
  Compress(Bool compress) : set_(true), off_(!compress) {}
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  Compress(Integer level) : set_(true), off_(level == 0), level_(static_cast<int>(level)) {}
  Compress(const char* name) : Compress(std::string(name)) {}
  Compress(std::string_view name) : Compress(std::string(name)) {}
  Compress(std::string name) : set_(true), name_(std::move(name)) {}
  Compress(std::string name, int level)
      : set_(true), off_(level == 0), name_(std::move(name)), level_(level) {}

  bool has_value() const noexcept { return set_; }
  bool off() const noexcept { return off_; }
  const std::string& name() const noexcept { return name_; }  ///< empty where none is given
  const std::optional<int>& level() const noexcept { return level_; }

 private:
  bool set_ = false;
  bool off_ = false;
  std::string name_ = {};
  std::optional<int> level_ = {};
};

struct DumpOptions {
  Compress compress = {};
  int protocol = 4;  ///< of the pickle, 2 to 5; Python 3.4 and later read 4, 3.8 and later 5
  /// Arrays begin at multiples of it, in bytes: a power of 2 up to 128. joblib's is 16; 64 suits
  /// vector instructions on mapped files.
  std::size_t alignment = 16;
  /// Threads that compress: a positive number, -1 for all cores. The file is the same kind of
  /// stream for any number.
  int n_threads = 1;
  /// Also waits until the file is on the disk. Only for files by path.
  bool fsync = false;
};

namespace detail {

/// One dump: where it goes, and the sinks on the way there.
class Dump {
 public:
  Dump(const std::filesystem::path& path, const DumpOptions& options);
  Dump(std::ostream& stream, const DumpOptions& options);
  Dump(int fd, const DumpOptions& options);
  Dump(std::unique_ptr<ByteSink> sink, const DumpOptions& options);
  /// To memory: take() gives the bytes.
  explicit Dump(const DumpOptions& options);
  Dump(const Dump&) = delete;
  Dump& operator=(const Dump&) = delete;
  ~Dump();

  /// Writes the value, all that there is, and commits.
  template <class T>
  void write(const T& value) {
    try {
      save(writer(), value);
    } catch (const Mismatch& mismatch) {
      fail(mismatch);
    }
    commit();
  }

  PickleWriter& writer();
  /// Ends the pickle; a file by path appears under its name now, and not at all without.
  void commit();
  bytes take();

 private:
  struct Target;

  [[noreturn]] void fail(const Mismatch& mismatch) const;

  std::unique_ptr<Target> target_;
};

}  // namespace detail

/// Writes a value to a file, as Python's joblib.dump does, and Python's joblib.load reads it. The
/// file appears complete or not at all: one that is there already stays until then. Throws Error,
/// with the place inside the value where that has no counterpart in Python.
template <class T>
void dump(const T& value, const std::filesystem::path& path, const DumpOptions& options = {}) {
  detail::Dump(path, options).write(value);
}

/// The same to a stream, from its current position; without a name only `compress` counts.
template <class T>
void dump(const T& value, std::ostream& stream, const DumpOptions& options = {}) {
  detail::Dump(stream, options).write(value);
}

/// The same to a POSIX file descriptor, which stays open.
template <class T, std::same_as<int> FileDescriptor>
void dump(const T& value, FileDescriptor fd, const DumpOptions& options = {}) {
  detail::Dump(fd, options).write(value);
}

/// The bytes of such a file.
template <class T>
bytes dumps(const T& value, const DumpOptions& options = {}) {
  detail::Dump dump(options);
  dump.write(value);
  return dump.take();
}

}  // namespace joblib
