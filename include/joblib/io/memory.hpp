#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

/// Reads bytes that somebody else keeps.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t read(std::span<std::byte> buffer) override;
  std::uint64_t skip(std::uint64_t count) override;
  std::optional<std::uint64_t> remaining() const override { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

/// Collects bytes in memory.
class MemorySink final : public ByteSink {
 public:
  void write(std::span<const std::byte> bytes) override;
  void expect(std::uint64_t bytes) override;

  std::vector<std::byte> take() { return std::exchange(bytes_, {}); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace joblib::detail
