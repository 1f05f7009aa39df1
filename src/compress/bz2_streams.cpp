#include "bz2_streams.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace joblib::detail {

namespace {

// Those of a block of 900 kB, even if it can't be compressed, are smaller.
constexpr std::size_t max_piece = 1 << 20;
constexpr std::size_t max_content = 1 << 20;
constexpr std::size_t max_pieces = 16;  // in memory
constexpr std::size_t pieces_size = 2 * max_piece;
constexpr std::size_t start_size = 10;  // "BZh", the level, and how a block begins

// Where the first start of a stream is in `bytes` from `begin` on, or their size.
std::size_t find_start(std::span<const std::byte> bytes, std::size_t begin) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (true) {
    const std::size_t start = text.find("BZh", begin);
    if (start == text.npos || text.size() - start < start_size) return text.size();
    const char level = text[start + 3];
    if (level >= '1' && level <= '9' && text.substr(start + 4, 6) == "\x31\x41\x59\x26\x53\x59") {
      return start;
    }
    begin = start + 1;
  }
}

// Some bytes, then those of another source.
class JoinedSource final : public ByteSource {
 public:
  JoinedSource(std::vector<std::byte> first, ByteSource& second)
      : first_(std::move(first)), second_(second) {}

  std::size_t read(std::span<std::byte> buffer) override {
    if (taken_ == first_.size()) return second_.read(buffer);
    const auto part = std::span(first_).subspan(taken_);
    const std::size_t count = std::min(buffer.size(), part.size());
    std::ranges::copy(part.first(count), buffer.begin());
    taken_ += count;
    return count;
  }

 private:
  std::vector<std::byte> first_;
  std::size_t taken_ = 0;
  ByteSource& second_;
};

}  // namespace

class Bz2Streams::Piece final : public WorkQueue::Job {
 public:
  explicit Piece(std::span<const std::byte> bytes) : bytes_(bytes.begin(), bytes.end()) {}

  const std::vector<std::byte>& bytes() const { return bytes_; }

  // These once it was run.
  bool is_whole_stream() const { return is_whole_stream_; }

  std::size_t read(std::span<std::byte> buffer) {
    const std::size_t count = std::min(buffer.size(), size_ - taken_);
    std::copy_n(content_.get() + taken_, count, buffer.begin());
    taken_ += count;
    return count;
  }

 private:
  void run() override {
    content_ = std::make_unique_for_overwrite<std::byte[]>(max_content);
    try {
      const CoderStep step =
          make_bz2_decoder()->decode(bytes_, {content_.get(), max_content}, true);
      size_ = step.produced;
      is_whole_stream_ = step.ended && step.consumed == bytes_.size();
    } catch (const DamagedData&) {
    }
  }

  std::vector<std::byte> bytes_;
  std::unique_ptr<std::byte[]> content_ = nullptr;
  std::size_t size_ = 0;  // of the content
  std::size_t taken_ = 0;
  bool is_whole_stream_ = false;
};

Bz2Streams::Bz2Streams(ByteSource& source, int n_threads)
    : source_(source),
      max_in_flight_(std::min(2 * static_cast<std::size_t>(n_threads), max_pieces)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(pieces_size)),
      input_(buffer_.get(), 0),
      queue_(std::min(static_cast<std::size_t>(n_threads), max_pieces)) {}

Bz2Streams::~Bz2Streams() = default;

std::size_t Bz2Streams::read(std::span<std::byte> buffer) {
  while (alone_ == nullptr) {
    while (may_split_ && in_flight_.size() < max_in_flight_) may_split_ = split_off();
    if (!oldest_is_whole()) {
      read_on_alone();
      break;
    }
    Piece& oldest = *in_flight_.front();
    if (const std::size_t count = oldest.read(buffer); count > 0) return count;
    offset_ += oldest.bytes().size();
    in_flight_.pop_front();
  }
  return alone_->read(buffer);
}

bool Bz2Streams::split_off() {
  std::size_t next = find_start(input_, searched_);
  while (next == input_.size()) {
    searched_ = std::max(next, start_size) - start_size + 1;  // the last bytes may begin one
    if (input_.size() > max_piece || !fill()) return false;
    next = find_start(input_, searched_);
  }
  in_flight_.push_back(std::make_unique<Piece>(input_.first(next)));
  queue_.add(*in_flight_.back());
  input_ = input_.subspan(next);
  searched_ = 1;
  return true;
}

// Adds to the input what fits and is there; false at the end.
bool Bz2Streams::fill() {
  std::byte* const end = buffer_.get() + pieces_size;
  if (input_.data() + input_.size() == end) {
    std::ranges::copy(input_, buffer_.get());
    input_ = {buffer_.get(), input_.size()};
  }
  const std::size_t count = source_.read({input_.data() + input_.size(), end});
  input_ = {input_.data(), input_.size() + count};
  return count > 0;
}

bool Bz2Streams::oldest_is_whole() {
  if (in_flight_.empty()) return false;
  queue_.wait(*in_flight_.front());
  return in_flight_.front()->is_whole_stream();
}

void Bz2Streams::read_on_alone() {
  queue_.stop();
  std::vector<std::byte> read;
  for (const auto& piece : in_flight_) {
    read.insert(read.end(), piece->bytes().begin(), piece->bytes().end());
  }
  read.insert(read.end(), input_.begin(), input_.end());
  in_flight_.clear();
  rest_ = std::make_unique<JoinedSource>(std::move(read), source_);
  alone_ = std::make_unique<DecoderSource>(*rest_, "bz2", "BZh", make_bz2_decoder(), offset_);
}

}  // namespace joblib::detail
