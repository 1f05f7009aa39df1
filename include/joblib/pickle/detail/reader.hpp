#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "joblib/io/buffered_input.hpp"
#include "joblib/io/mapped_file.hpp"
#include "joblib/pickle/detail/array_files.hpp"
#include "joblib/pickle/detail/document.hpp"
#include "joblib/pickle/detail/machine.hpp"

namespace joblib::detail {

struct ReadOptions {
  bool native_byte_order = true;
  /// Arrays become maps of this file, the one that is read, where they can.
  std::shared_ptr<MappedFile> map = {};
  /// Arrays stay in the file, which can be read at any place, until they are asked for.
  bool leave_arrays = false;
  /// What has come with the pickle; null where nothing can have.
  ReceivedFiles* files = nullptr;
  /// The folder with the companions of a file of joblib until 0.9.
  std::filesystem::path folder = {};
  /// The pickle of an array of objects, inside of another pickle: it has no wrapped arrays.
  bool nested = false;
};

/// Reads pickles of all protocols, with joblib's arrays between the opcodes.
///
/// A pickle is a program for the machine: opcodes of one byte, each with its own kind of argument
/// (see opcodes.hpp). Where a BUILD completes a NumpyArrayWrapper the elements of that array
/// follow: one byte p and p bytes of padding if the wrapper has an alignment, then shape x itemsize
/// bytes in the wrapper's order; or, if the dtype holds objects, another pickle.
class Reader {
 public:
  Reader(BufferedInput& input, Document& document, ReadOptions options);

  /// Reads up to and including the STOP opcode. Throws Error with the position for bytes that are
  /// no pickle.
  Value read();

 private:
  Value run();
  template <class Unsigned>
  Unsigned number();
  void allow_copies();
  void build();
  void read_protocol();
  void read_text(Tag tag, std::uint64_t size);
  std::string read_name();
  void read_long(std::uint64_t size);
  void read_escaped(const std::optional<std::string>& text, Tag tag);
  void read_decimal_or_bool();
  void read_decimal(std::string_view line);
  void read_float();
  std::size_t read_index();
  [[noreturn]] void refuse_extension(std::uint32_t code) const;

  BufferedInput& input_;
  Machine machine_;
  ReadOptions options_;
  std::uint64_t allowed_until_;  // the position that allow_copies() has come to
};

}  // namespace joblib::detail
