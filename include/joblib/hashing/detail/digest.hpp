#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

/// The digest of all bytes that are written.
class Digest final : public ByteSink {
 public:
  /// "md5", "sha1" or "xxh3" (of 128 bits). Throws Error for others.
  explicit Digest(std::string_view name);
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest() override;

  void write(std::span<const std::byte> bytes) override;
  /// Lower-case hexadecimal digits; nothing may follow.
  std::string hex();

  class Algorithm;

 private:
  std::unique_ptr<Algorithm> algorithm_;
};

}  // namespace joblib::detail
