#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>

#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

/// Reads a stream from its current position. Never reads past what read() is asked for.
class IstreamSource final : public ByteSource {
 public:
  explicit IstreamSource(std::istream& stream) : stream_(stream) {}

  std::size_t read(std::span<std::byte> buffer) override;

 private:
  std::istream& stream_;
};

/// Writes to a stream; finish() flushes it. A stream that fails is an Error.
class OstreamSink final : public ByteSink {
 public:
  explicit OstreamSink(std::ostream& stream) : stream_(stream) {}

  void write(std::span<const std::byte> bytes) override;
  void finish() override;

 private:
  std::ostream& stream_;
};

}  // namespace joblib::detail
