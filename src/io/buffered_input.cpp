#include "joblib/io/buffered_input.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "joblib/core/error.hpp"

namespace joblib::detail {

BufferedInput::BufferedInput(ByteSource& source, std::string name)
    : source_(source),
      name_(std::move(name)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_size)),
      next_(buffer_.get()),
      end_(next_) {}

void BufferedInput::fail(const std::string& what) const {
  throw Error(errc::corrupt_data, name_ + ": byte " + std::to_string(position()) + ": " + what);
}

void BufferedInput::fill(std::size_t count) {
  if (peek(count).size() < count) fail("the data ends too early");
}

std::string_view BufferedInput::peek(std::size_t count) {
  if (buffered() < count) {
    const std::size_t kept = buffered();
    consumed_ += static_cast<std::uint64_t>(next_ - buffer_.get());
    std::memmove(buffer_.get(), next_, kept);
    next_ = buffer_.get();
    end_ = next_ + kept;
    while (buffered() < count) {
      const std::size_t got = source_.read({buffer_.get() + buffered(), buffer_size - buffered()});
      if (got == 0) break;
      end_ += got;
    }
  }
  return {reinterpret_cast<const char*>(next_), std::min(count, buffered())};
}

std::string_view BufferedInput::line() {
  for (std::size_t length = 128;; length = std::min(2 * length, buffer_size)) {
    const std::string_view text = peek(length);
    if (const std::size_t newline = text.find('\n'); newline != text.npos) {
      next_ += newline + 1;
      return text.substr(0, newline);
    }
    if (text.size() < length) fail("the data ends within a line");
    if (length == buffer_size)
      fail("a line is longer than " + std::to_string(buffer_size) + " bytes");
  }
}

void BufferedInput::read(std::span<std::byte> target) {
  const std::size_t first = std::min(target.size(), buffered());
  if (first > 0) std::memcpy(target.data(), next_, first);
  next_ += first;
  target = target.subspan(first);
  while (target.size() >= buffer_size) {
    const std::size_t got = source_.read(target);
    if (got == 0) fail("the data ends too early");
    consumed_ += got;
    target = target.subspan(got);
  }
  if (!target.empty()) std::memcpy(target.data(), need(target.size()), target.size());
}

void BufferedInput::skip(std::uint64_t count) {
  const std::uint64_t first = std::min<std::uint64_t>(count, buffered());
  next_ += first;
  count -= first;
  if (count == 0) return;
  if (source_.skip(count) < count) fail("the data ends too early");
  consumed_ += count;
}

void BufferedInput::expect(std::uint64_t count) const {
  const std::optional<std::uint64_t> remaining = source_.remaining();
  if (remaining && count > *remaining + buffered()) {
    fail(std::to_string(count) + " bytes are announced, but only " +
         std::to_string(*remaining + buffered()) + " are left");
  }
}

std::size_t InputSource::read(std::span<std::byte> buffer) {
  input_.peek(1);
  const std::size_t count = std::min(buffer.size(), input_.buffered());
  if (count > 0) input_.read(buffer.first(count));
  return count;
}

}  // namespace joblib::detail
