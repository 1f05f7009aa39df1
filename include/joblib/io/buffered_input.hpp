#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

/// Reads a source, which must outlive it, through a buffer, and knows the position. All errors name
/// the input and, where its bytes are at fault, the position.
class BufferedInput {
 public:
  /// The most that need() gives at once.
  static constexpr std::size_t buffer_size = 1 << 17;

  BufferedInput(ByteSource& source, std::string name);

  /// A pointer to the next `count` bytes, which are consumed. Throws Error at the end.
  const std::byte* need(std::size_t count) {
    if (static_cast<std::size_t>(end_ - next_) < count) fill(count);
    const std::byte* const result = next_;
    next_ += count;
    return result;
  }

  /// The next bytes up to a newline, which is consumed and not part of them; at most buffer_size.
  /// Valid until the next call.
  std::string_view line();

  /// Fills `target`, of any size. Throws Error at the end.
  void read(std::span<std::byte> target);
  void skip(std::uint64_t count);

  /// The next bytes without consuming them: `count`, or fewer at the end.
  std::string_view peek(std::size_t count);
  /// How many bytes have been read from the source and not consumed.
  std::size_t buffered() const noexcept { return static_cast<std::size_t>(end_ - next_); }
  /// Whether there is no other byte.
  bool at_end() { return peek(1).empty(); }

  /// Throws Error unless `count` more bytes may exist, as far as is known without reading them.
  void expect(std::uint64_t count) const;

  std::uint64_t position() const noexcept {
    return consumed_ + static_cast<std::uint64_t>(next_ - buffer_.get());
  }
  const std::string& name() const noexcept { return name_; }
  [[noreturn]] void fail(const std::string& what) const;

 private:
  void fill(std::size_t count);

  ByteSource& source_;
  std::string name_;
  std::unique_ptr<std::byte[]> buffer_;
  const std::byte* next_;
  const std::byte* end_;
  std::uint64_t consumed_ = 0;  // position of the start of the buffer
};

/// What an input has not consumed yet, as a source.
class InputSource final : public ByteSource {
 public:
  explicit InputSource(BufferedInput& input) : input_(input) {}

  std::size_t read(std::span<std::byte> buffer) override;

 private:
  BufferedInput& input_;
};

}  // namespace joblib::detail
