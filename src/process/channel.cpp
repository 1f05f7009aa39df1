#include "joblib/process/detail/channel.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "joblib/io/detail/posix.hpp"

namespace joblib::detail {
namespace {

constexpr const char* connection = "the connection between a process and its worker";

bool has_gone(int error) { return error == EPIPE || error == ECONNRESET; }

// What goes beside the bytes of a stream: descriptors, to which the other process gets its own.
class Ancillary {
 public:
  // To receive.
  explicit Ancillary(msghdr& message) : message_(message) { attach(buffer_.size()); }

  // To send. Nothing where there are no files.
  Ancillary(msghdr& message, const FileList& files) : message_(message) {
    if (files.empty()) return;
    attach(CMSG_SPACE(files.size() * sizeof(int)));
    cmsghdr* const header = CMSG_FIRSTHDR(&message_);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
    unsigned char* place = CMSG_DATA(header);
    for (const auto& file : files) {
      const int fd = file->get();
      std::memcpy(place, &fd, sizeof(fd));
      place += sizeof(fd);
    }
  }

  // They go with the first byte only.
  void detach() {
    message_.msg_control = nullptr;
    message_.msg_controllen = 0;
  }

  FileList received() const {
    FileList files;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message_); header != nullptr;
         header = CMSG_NXTHDR(&message_, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
        files.push_back(std::make_shared<const FileDescriptor>(fd));
      }
    }
    return files;
  }

 private:
  void attach(std::size_t size) {
    message_.msg_control = buffer_.data();
    message_.msg_controllen = size;
  }

  msghdr& message_;
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(most_files * sizeof(int))> buffer_ = {};
};

}  // namespace

Channel::Channel(FileDescriptor socket, Protocol protocol, Wait wait)
    : socket_(std::move(socket)), protocol_(std::move(protocol)), wait_(std::move(wait)) {}

bool Channel::send(FrameKind kind, const Message& message) {
  if (message.files.size() > most_files)
    throw_io_error("pass so many files by", connection, EINVAL);
  const bytes& payload = message.payload;
  Protocol::Header header = Protocol::header(kind, payload.size(), message.files.size());
  // sendmsg only reads what iovec can't call const.
  std::array parts = {iovec{header.data(), header.size()},
                      iovec{const_cast<std::byte*>(payload.data()), payload.size()}};
  msghdr letter = {};
  letter.msg_iov = parts.data();
  letter.msg_iovlen = parts.size();
  Ancillary files(letter, message.files);
  const int flags = wait_ ? MSG_NOSIGNAL | MSG_DONTWAIT : MSG_NOSIGNAL;
  while (parts.back().iov_len > 0 || parts.front().iov_len > 0) {
    const ssize_t sent = uninterrupted([&] { return ::sendmsg(socket_.get(), &letter, flags); });
    if (sent < 0) {
      if (wait_ && errno == EAGAIN) {
        wait_(socket_.get(), POLLOUT);
        continue;
      }
      if (has_gone(errno)) return false;
      throw_io_error("write to", connection, errno);
    }
    files.detach();
    auto rest = static_cast<std::size_t>(sent);
    for (iovec& part : parts) {
      const std::size_t done = std::min(rest, part.iov_len);
      part = {static_cast<std::byte*>(part.iov_base) + done, part.iov_len - done};
      rest -= done;
    }
  }
  return true;
}

void Channel::shut_down() const noexcept { ::shutdown(socket_.get(), SHUT_RDWR); }

std::optional<Frame> Channel::receive() {
  for (;;) {
    if (std::optional<Frame> frame = protocol_.next()) return frame;
    if (wait_) wait_(socket_.get(), POLLIN);
    const auto room = protocol_.room();
    iovec part = {room.data(), room.size()};
    msghdr letter = {};
    letter.msg_iov = &part;
    letter.msg_iovlen = 1;
    const Ancillary files(letter);
    const ssize_t count =
        uninterrupted([&] { return ::recvmsg(socket_.get(), &letter, MSG_CMSG_CLOEXEC); });
    if (count == 0 || (count < 0 && has_gone(errno))) return std::nullopt;
    if (count < 0) throw_io_error("read from", connection, errno);
    FileList received = files.received();
    if ((letter.msg_flags & MSG_CTRUNC) != 0) throw_io_error("get files by", connection, EMFILE);
    protocol_.received(static_cast<std::size_t>(count), std::move(received));
  }
}

}  // namespace joblib::detail
