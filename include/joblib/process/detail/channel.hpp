#pragma once

#include <optional>

#include "joblib/io/file.hpp"
#include "joblib/process/detail/protocol.hpp"

namespace joblib::detail {

/// One side's end of a stream socket, and the conversation through it. Both sides send only what
/// the other one waits for, so that calls that block can't wait for each other.
class Channel {
 public:
  Channel(FileDescriptor socket, Protocol protocol);

  void send_hello() { send(FrameKind::hello, {.payload = protocol_.hello()}); }

  /// False where the other side has gone. Throws Error where the system refuses.
  bool send(FrameKind kind, const Message& message);

  /// The next frame; none where the other side has gone. Throws Error as Protocol does.
  std::optional<Frame> receive();

  int socket() const noexcept { return socket_.get(); }
  const Hello& peer() const { return protocol_.peer(); }

 private:
  FileDescriptor socket_;
  Protocol protocol_;
};

}  // namespace joblib::detail
