#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "joblib/pickle/bytes.hpp"
#include "joblib/process/code_address.hpp"
#include "joblib/process/detail/message.hpp"

// What a process and its worker say to each other. Numbers are little-endian.
//
//   frame    = "jlw" version(1 byte) kind(2) files(2) size(8) payload; with the first byte come as
//              many descriptors as `files` says
//   hello    = token build_id handler.module handler.offset(8);  a text = size(4) characters
//   run      = a request, for the handler
//   reply    = what the handler returned
//   leaking  = the same, of a worker that is to be replaced for the memory that its requests have
//              left behind
//   failure  = errc(4) text: the handler threw
//
// Each side begins with a hello. Then the parent sends run and waits for reply, leaking or failure,
// again and again.

namespace joblib::detail {

enum class FrameKind : std::uint16_t { hello = 1, run, reply, failure, leaking };

struct Frame {
  FrameKind kind;
  Message message;
};

struct Hello {
  std::string token;     ///< random, made by the parent: who knows it is its worker, or the parent
  std::string build_id;  ///< of the program, or of the library that serves a foreign one
  CodeAddress handler;   ///< what answers requests; empty in a worker's hello
};

/// One side of a conversation, without the connection: it is given the bytes that arrive and makes
/// those to be sent.
class Protocol {
 public:
  enum class Side { parent, worker };

  static constexpr std::size_t header_size = 16;
  using Header = std::array<std::byte, header_size>;

  Protocol(Side side, Hello hello);

  /// The payload of the own hello.
  bytes hello() const;

  /// What goes before a payload of `size` bytes with so many files.
  static Header header(FrameKind kind, std::uint64_t size, std::size_t files = 0);

  /// Where the next bytes that arrive are to be put: never empty, and part of the payload itself
  /// where that is large.
  std::span<std::byte> room();

  /// So many bytes have been put at the beginning of room(), and these files have come with them.
  void received(std::size_t count, FileList files = {});

  /// The next frame that has arrived completely; to be called until there is none. The first one is
  /// a hello. Throws Error if the bytes are no frames, the kind is not one that the other side may
  /// send now, or the hello is none of the other side of this conversation; then the connection is
  /// of no use any more.
  std::optional<Frame> next();

  /// What the other side said in its hello.
  const Hello& peer() const { return peer_; }

 private:
  void begin_frame();
  void check_kind(FrameKind kind, std::uint64_t size, std::size_t files) const;
  void check_hello(const bytes& payload);

  Side side_;
  Hello hello_;
  Hello peer_ = {};
  bool greeted_ = false;  // the other side has sent its hello
  std::array<std::byte, 4096> buffer_ = {};
  std::size_t begin_ = 0;  // of what hasn't been looked at yet in buffer_, up to end_
  std::size_t end_ = 0;
  std::optional<Frame> frame_ = {};  // the one that is arriving
  std::uint64_t frame_size_ = 0;     // of its payload
  std::size_t filled_ = 0;           // so much of which is there
  std::size_t frame_files_ = 0;      // that it is to have
  FileList files_ = {};              // that have come and belong to no frame yet
};

/// The payload of a failure, and back: throws the Error, with what goes before its text.
bytes failure_payload(int code, std::string_view text);
[[noreturn]] void throw_failure(std::span<const std::byte> payload, const std::string& before = {});

}  // namespace joblib::detail
