#include "joblib/process/detail/protocol.hpp"

#include <algorithm>
#include <concepts>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

#include "joblib/core/error.hpp"

namespace joblib::detail {
namespace {

constexpr std::string_view magic = "jlw\2";  // with the version
constexpr std::uint64_t longest_hello = 8192;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(errc::corrupt_data, "Broken connection between a process and its worker: " + why);
}

template <std::unsigned_integral Number>
void put(std::byte* target, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    target[i] = static_cast<std::byte>(number >> (8 * i));
}

template <std::unsigned_integral Number>
Number get(const std::byte* source) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    number |= static_cast<Number>(std::to_integer<Number>(source[i]) << (8 * i));
  return number;
}

template <std::unsigned_integral Number>
void append(bytes& target, Number number) {
  target.resize(target.size() + sizeof(Number));
  put(target.data() + target.size() - sizeof(Number), number);
}

void append(bytes& target, std::string_view text) {
  append(target, static_cast<std::uint32_t>(text.size()));
  const auto characters = std::as_bytes(std::span(text));
  target.insert(target.end(), characters.begin(), characters.end());
}

// Takes numbers and texts from the front of a payload.
class Fields {
 public:
  explicit Fields(std::span<const std::byte> payload) : rest_(payload) {}

  template <std::unsigned_integral Number>
  Number number() {
    return get<Number>(take(sizeof(Number)).data());
  }

  std::string text() {
    const auto characters = take(number<std::uint32_t>());
    return {reinterpret_cast<const char*>(characters.data()), characters.size()};
  }

  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> take(std::size_t size) {
    if (size > rest_.size()) refuse("a frame is shorter than what it is to hold");
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  std::span<const std::byte> rest_;
};

// The time that it takes doesn't depend on where the texts differ.
bool equal_secrets(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

}  // namespace

Protocol::Protocol(Side side, Hello hello) : side_(side), hello_(std::move(hello)) {}

bytes Protocol::hello() const {
  bytes payload;
  append(payload, hello_.token);
  append(payload, hello_.build_id);
  append(payload, hello_.handler.module);
  append(payload, hello_.handler.offset);
  return payload;
}

Protocol::Header Protocol::header(FrameKind kind, std::uint64_t size, std::size_t files) {
  Header header;
  std::memcpy(header.data(), magic.data(), magic.size());
  put(header.data() + 4, static_cast<std::uint16_t>(kind));
  put(header.data() + 6, static_cast<std::uint16_t>(files));
  put(header.data() + 8, size);
  return header;
}

std::span<std::byte> Protocol::room() {
  // Memory is touched only shortly before bytes arrive there, and reserved, beyond a bound, in
  // proportion to what has arrived: a size that isn't true costs nothing.
  constexpr std::size_t step = 1 << 18;
  constexpr std::size_t reserved_at_once = 1 << 27;
  if (!frame_) return std::span(buffer_).subspan(end_);
  bytes& payload = frame_->message.payload;
  if (filled_ == payload.size()) {
    const std::size_t size = std::min<std::uint64_t>(frame_size_, filled_ + step);
    if (size > payload.capacity()) {
      payload.reserve(
          std::min<std::uint64_t>(frame_size_, std::max(reserved_at_once, 16 * filled_)));
    }
    payload.resize(size);
  }
  return std::span(payload).subspan(filled_);
}

void Protocol::received(std::size_t count, FileList files) {
  (frame_ ? filled_ : end_) += count;
  std::ranges::move(files, std::back_inserter(files_));
  if (files_.size() > most_files) refuse("too many files arrive");
}

std::optional<Frame> Protocol::next() {
  if (!frame_) begin_frame();
  if (!frame_ || filled_ < frame_size_) return std::nullopt;
  if (files_.size() < frame_files_) refuse("a frame comes without its files");
  Frame frame = std::move(*frame_);
  frame_.reset();
  const auto last = files_.begin() + static_cast<std::ptrdiff_t>(frame_files_);
  std::move(files_.begin(), last, std::back_inserter(frame.message.files));
  files_.erase(files_.begin(), last);
  if (frame.kind == FrameKind::hello) check_hello(frame.message.payload);
  return frame;
}

// Takes the header from the buffer, and what follows it there of the payload.
void Protocol::begin_frame() {
  const std::byte* const header = buffer_.data() + begin_;
  if (end_ - begin_ < header_size) {
    std::memmove(buffer_.data(), header, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    return;
  }
  if (std::memcmp(header, magic.data(), magic.size()) != 0)
    refuse("what arrives is no frame of this version");
  const auto kind = static_cast<FrameKind>(get<std::uint16_t>(header + 4));
  frame_files_ = get<std::uint16_t>(header + 6);
  frame_size_ = get<std::uint64_t>(header + 8);
  check_kind(kind, frame_size_, frame_files_);
  begin_ += header_size;
  filled_ = std::min<std::uint64_t>(frame_size_, end_ - begin_);
  const auto arrived = std::span<const std::byte>(buffer_).subspan(begin_, filled_);
  frame_ = Frame{kind, {.payload = bytes(arrived)}};
  begin_ += filled_;
}

void Protocol::check_kind(FrameKind kind, std::uint64_t size, std::size_t files) const {
  const bool expected =
      !greeted_ ? kind == FrameKind::hello
      : side_ == Side::worker
          ? kind == FrameKind::run
          : kind == FrameKind::reply || kind == FrameKind::leaking || kind == FrameKind::failure;
  if (!expected) refuse("a frame comes at the wrong time");
  if (size > (greeted_ ? bytes().max_size() : longest_hello)) refuse("a frame is too long");
  const bool may_have_files = kind != FrameKind::hello && kind != FrameKind::failure;
  if (files > (may_have_files ? most_files : 0)) refuse("a frame has too many files");
}

void Protocol::check_hello(const bytes& payload) {
  Fields fields(payload);
  peer_.token = fields.text();
  peer_.build_id = fields.text();
  peer_.handler.module = fields.text();
  peer_.handler.offset = fields.number<std::uint64_t>();
  if (!fields.rest().empty()) refuse("a hello is longer than what it holds");
  if (!equal_secrets(peer_.token, hello_.token)) refuse("the other side doesn't know the token");
  if (peer_.build_id != hello_.build_id) {
    throw Error(errc::unsupported,
                "A worker has to be the same program as its parent, but their "
                "build identities are '" +
                    peer_.build_id + "' and '" + hello_.build_id + "'");
  }
  greeted_ = true;
}

bytes failure_payload(int code, std::string_view text) {
  bytes payload;
  append(payload, static_cast<std::uint32_t>(code));
  append(payload, text);
  return payload;
}

void throw_failure(std::span<const std::byte> payload, const std::string& before) {
  Fields fields(payload);
  const auto code = static_cast<errc>(fields.number<std::uint32_t>());
  throw Error(code, before + fields.text());
}

}  // namespace joblib::detail
