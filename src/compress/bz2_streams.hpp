#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

#include "decoder.hpp"
#include "joblib/io/byte_stream.hpp"
#include "work_queue.hpp"

namespace joblib::detail {

std::unique_ptr<Decoder> make_bz2_decoder();

// Reads a file of many small bzip2 streams, as joblib-cpp and pbzip2 write them, in several
// threads.
//
// The file is split where the bytes look like the start of a stream. Such a piece is decoded for
// itself, ahead of the reader, and counts only if it is one whole stream. From the first piece that
// isn't, and from the last one, which has nothing behind it that would show its end, a
// DecoderSource reads on alone: damage, bytes between and behind the streams, large streams and
// what only looks like a start are its business.
class Bz2Streams final : public ByteSource {
 public:
  Bz2Streams(ByteSource& source, int n_threads);
  ~Bz2Streams() override;
  Bz2Streams(const Bz2Streams&) = delete;
  Bz2Streams& operator=(const Bz2Streams&) = delete;

  std::size_t read(std::span<std::byte> buffer) override;

 private:
  class Piece;

  bool split_off();
  bool fill();
  bool oldest_is_whole();
  void read_on_alone();

  ByteSource& source_;
  std::size_t max_in_flight_;
  std::unique_ptr<std::byte[]> buffer_;
  std::span<std::byte> input_;  // not split yet; in buffer_
  std::size_t searched_ = 1;    // bytes of the input in which no other stream starts
  bool may_split_ = true;       // false once only the last or a large stream seems to be left
  std::uint64_t offset_ = 0;    // of the oldest piece in the source
  std::deque<std::unique_ptr<Piece>> in_flight_;
  WorkQueue queue_;
  std::unique_ptr<ByteSource> rest_ = nullptr;  // what alone_ reads
  std::unique_ptr<ByteSource> alone_ = nullptr;
};

}  // namespace joblib::detail
