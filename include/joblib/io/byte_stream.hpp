#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace joblib {

/// Where bytes come from, in order. Used by one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  /// Fills the front of `buffer`, which is not empty, and returns how many bytes it wrote: at least
  /// one, fewer than asked for as it pleases, 0 only at the end. Throws Error.
  virtual std::size_t read(std::span<std::byte> buffer) = 0;

  /// Passes over `count` bytes, or fewer at the end; returns how many.
  virtual std::uint64_t skip(std::uint64_t count);

  /// How many bytes are left, where that is known for sure without reading them.
  virtual std::optional<std::uint64_t> remaining() const { return std::nullopt; }
};

/// Where bytes go, in order. Used by one thread at a time.
class ByteSink {
 public:
  virtual ~ByteSink() = default;

  /// Takes all of `bytes`. Throws Error.
  virtual void write(std::span<const std::byte> bytes) = 0;

  /// Everything has been written: passes on what is held back. To be called once, at the end; a
  /// sink that is destroyed without it has an incomplete target. Throws Error.
  virtual void finish() {}

  /// `bytes` more are about to come: a hint to reserve room for them.
  virtual void expect(std::uint64_t /*bytes*/) {}
};

}  // namespace joblib
