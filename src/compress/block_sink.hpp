#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "joblib/io/byte_stream.hpp"
#include "work_queue.hpp"

namespace joblib::detail {

struct EncodedBlock {
  std::vector<std::byte> room = {};  // used anew for every block
  std::size_t size = 0;              // bytes of the room that are the encoded block
  std::uint32_t checksum = 0;
};

// A format whose blocks are compressed each for itself, but for what stands before them, and
// written one after the other.
class BlockFormat {
 public:
  virtual ~BlockFormat() = default;

  virtual std::size_t block_size() const = 0;

  // How many bytes before a block it may refer to.
  virtual std::size_t window_size() const { return 0; }

  // Several threads call it at a time. Only the `last` block is shorter than block_size(), or
  // empty. `window` holds up to window_size() bytes before the block.
  virtual void encode(std::span<const std::byte> window, std::span<const std::byte> block,
                      bool last, EncodedBlock& encoded) const = 0;

  // These by one thread: each block in order, then what comes after the last one.
  virtual void add(const EncodedBlock& /*encoded*/, std::size_t /*block_size*/) {}
  virtual std::vector<std::byte> trailer() const { return {}; }
};

// Compresses blocks in `n_threads` threads, the writing one among them, and writes them in order.
// The bytes are the same for any number of threads. One block alone is compressed without a thread.
class BlockSink final : public ByteSink {
 public:
  BlockSink(ByteSink& target, std::unique_ptr<BlockFormat> format, int n_threads);

  void write(std::span<const std::byte> bytes) override;
  void finish() override;

 private:
  struct Block final : WorkQueue::Job {
    explicit Block(const BlockFormat& block_format) : format(block_format) {}

    std::span<const std::byte> window() const { return std::span(bytes).first(window_size); }
    std::span<const std::byte> content() const { return std::span(bytes).subspan(window_size); }

    void run() override { format.encode(window(), content(), last, encoded); }

    const BlockFormat& format;
    std::vector<std::byte> bytes = {};  // the window, then the content
    std::size_t window_size = 0;
    bool last = false;
    EncodedBlock encoded = {};
  };

  void hand_in(bool last);
  void write_oldest();

  ByteSink& target_;
  std::unique_ptr<BlockFormat> format_;
  std::size_t max_in_flight_;
  std::deque<std::unique_ptr<Block>> in_flight_ = {};  // handed in and not written, in order
  std::vector<std::unique_ptr<Block>> unused_ = {};
  std::unique_ptr<Block> filling_;
  WorkQueue queue_;
};

}  // namespace joblib::detail
