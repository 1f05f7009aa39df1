#include "joblib/process/detail/channel.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

#include "joblib/io/detail/posix.hpp"

namespace joblib::detail {
namespace {

constexpr const char* name = "the connection between a process and its worker";

bool has_gone(int error) { return error == EPIPE || error == ECONNRESET; }

}  // namespace

Channel::Channel(FileDescriptor socket, Protocol protocol)
    : socket_(std::move(socket)), protocol_(std::move(protocol)) {}

bool Channel::send(FrameKind kind, std::span<const std::byte> payload) {
  Protocol::Header header = Protocol::header(kind, payload.size());
  // sendmsg only reads what iovec can't call const.
  std::array parts = {iovec{header.data(), header.size()},
                      iovec{const_cast<std::byte*>(payload.data()), payload.size()}};
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  while (parts.back().iov_len > 0 || parts.front().iov_len > 0) {
    const ssize_t sent =
        uninterrupted([&] { return ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL); });
    if (sent < 0) {
      if (has_gone(errno)) return false;
      throw_io_error("write to", name, errno);
    }
    auto rest = static_cast<std::size_t>(sent);
    for (iovec& part : parts) {
      const std::size_t done = std::min(rest, part.iov_len);
      part = {static_cast<std::byte*>(part.iov_base) + done, part.iov_len - done};
      rest -= done;
    }
  }
  return true;
}

std::optional<Frame> Channel::receive() {
  for (;;) {
    if (std::optional<Frame> frame = protocol_.next()) return frame;
    const auto room = protocol_.room();
    const ssize_t count =
        uninterrupted([&] { return ::recv(socket_.get(), room.data(), room.size(), 0); });
    if (count == 0 || (count < 0 && has_gone(errno))) return std::nullopt;
    if (count < 0) throw_io_error("read from", name, errno);
    protocol_.received(static_cast<std::size_t>(count));
  }
}

}  // namespace joblib::detail
