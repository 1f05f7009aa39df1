#pragma once

#include <functional>
#include <optional>

#include "joblib/io/file.hpp"
#include "joblib/process/detail/protocol.hpp"

namespace joblib::detail {

/// One side's end of a stream socket, and the conversation through it. Both sides send only what
/// the other one waits for, so that calls that block can't wait for each other.
class Channel {
 public:
  /// Waits for the events of poll(2) at a socket.
  using Wait = std::function<void(int socket, short events)>;

  /// With `wait`, that is what it does instead of blocking.
  Channel(FileDescriptor socket, Protocol protocol, Wait wait = {});

  void send_hello() { send(FrameKind::hello, {.payload = protocol_.hello()}); }

  /// False where the other side has gone. Throws Error where the system refuses.
  bool send(FrameKind kind, const Message& message);

  /// The next frame; none where the other side has gone. Throws Error as Protocol does.
  std::optional<Frame> receive();

  /// Ends the connection, from any thread.
  void shut_down() const noexcept;
  /// Only closes the connection, in the child of a fork.
  void abandon() noexcept { socket_ = {}; }

  int socket() const noexcept { return socket_.get(); }
  const Hello& peer() const { return protocol_.peer(); }

 private:
  FileDescriptor socket_;
  Protocol protocol_;
  Wait wait_;
};

}  // namespace joblib::detail
