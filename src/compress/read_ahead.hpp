#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>

#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

// Reads another source in a thread of its own, up to three chunks ahead. What fits into the first
// chunk is read without a thread.
class ReadAhead final : public ByteSource {
 public:
  explicit ReadAhead(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  std::size_t read(std::span<std::byte> buffer) override;

 private:
  static constexpr std::size_t chunk_size = 1 << 20;
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;           // fewer than chunk_size: the last one
    std::exception_ptr error = {};  // comes after the bytes
    bool is_last() const { return size < chunk_size; }
  };

  void fill(Chunk& chunk);
  void run(const std::stop_token& stop, std::size_t first);
  void start_or_wait();

  std::unique_ptr<ByteSource> source_;
  std::array<Chunk, 3> chunks_ = {};  // a ring: the reader's chunk, then those that are filled
  std::size_t current_ = 0;           // these of the reader
  std::size_t taken_ = 0;             // bytes of the current chunk

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t filled_ = 0;  // chunks; guarded by mutex_
  std::jthread thread_;
};

}  // namespace joblib::detail
