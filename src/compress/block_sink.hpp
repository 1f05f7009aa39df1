#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

struct EncodedBlock {
  std::vector<std::byte> room = {};  // used anew for every block
  std::size_t size = 0;              // bytes of the room that are the encoded block
  std::uint32_t checksum = 0;
};

// A format whose blocks are compressed each for itself and written one after the other.
class BlockFormat {
 public:
  virtual ~BlockFormat() = default;

  virtual std::size_t block_size() const = 0;

  // Several threads call it at a time. Only the `last` block is shorter than block_size(), or
  // empty.
  virtual void encode(std::span<const std::byte> block, bool last, EncodedBlock& encoded) const = 0;

  // These by one thread: each block in order, then what comes after the last one.
  virtual void add(const EncodedBlock& /*encoded*/, std::size_t /*block_size*/) {}
  virtual std::vector<std::byte> trailer() const { return {}; }
};

// Compresses blocks in `n_threads` threads, the writing one among them, and writes them in order.
// The bytes are the same for any number of threads. One block alone is compressed without a thread.
class BlockSink final : public ByteSink {
 public:
  BlockSink(ByteSink& target, std::unique_ptr<BlockFormat> format, int n_threads);
  ~BlockSink() override;
  BlockSink(const BlockSink&) = delete;
  BlockSink& operator=(const BlockSink&) = delete;

  void write(std::span<const std::byte> bytes) override;
  void finish() override;

 private:
  struct Block {
    std::vector<std::byte> bytes = {};
    bool last = false;
    EncodedBlock encoded = {};
    std::exception_ptr error = {};
    bool done = false;  // guarded by mutex_
  };
  using Lock = std::unique_lock<std::mutex>;

  void hand_in(bool last);
  void write_oldest();
  void encode_next(Lock& lock);
  void work(const std::stop_token& stop);
  void add_worker();

  ByteSink& target_;
  std::unique_ptr<BlockFormat> format_;
  std::size_t n_threads_;
  std::size_t max_in_flight_;
  std::unique_ptr<Block> filling_ = std::make_unique<Block>();
  std::deque<std::unique_ptr<Block>> in_flight_ = {};  // handed in and not written, in order
  std::vector<std::unique_ptr<Block>> spare_ = {};

  std::mutex mutex_;
  std::condition_variable_any waiting_changed_;
  std::condition_variable block_done_;
  std::deque<Block*> waiting_ = {};  // in flight and not taken yet; guarded by mutex_
  std::vector<std::jthread> workers_ = {};
};

}  // namespace joblib::detail
