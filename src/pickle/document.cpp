#include "joblib/pickle/detail/document.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <mutex>
#include <new>
#include <utility>

#include "compare.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"

namespace joblib::detail {
namespace {

// Of the indices of all documents: a child may be forked while another thread makes one.
ForkSafeMutex& index_mutex() {
  static auto& mutex = *new ForkSafeMutex;  // never destroyed
  return mutex;
}

[[maybe_unused]] const auto& index_mutex_made_at_load = index_mutex();

constexpr std::size_t largest_block = 4 << 20;  // of huge pages

// Room for one more after `size` items, or for `count` more; at least doubled, so that growing one
// by one costs little.
template <class Item>
void grow(Arena& arena, Item*& items, std::size_t size, std::size_t& capacity, std::size_t count) {
  if (count <= capacity - size) return;
  const std::size_t wanted = std::max(size + count, size == 0 ? count : 2 * capacity);
  auto* const grown = static_cast<Item*>(arena.allocate(wanted * sizeof(Item)));
  if (size > 0) std::memcpy(static_cast<void*>(grown), items, size * sizeof(Item));
  items = grown;
  capacity = wanted;
}

}  // namespace

void* Arena::take_from_new_block(std::size_t bytes) {
  if (bytes > block_size_ / 4) {  // a block of its own; the current one goes on
    blocks_.push_back(allocate_elements(bytes));
    return blocks_.back().get();
  }
  blocks_.push_back(allocate_elements(block_size_));
  next_ = blocks_.back().get() + bytes;
  end_ = blocks_.back().get() + block_size_;
  block_size_ = std::min(2 * block_size_, largest_block);
  return blocks_.back().get();
}

Document::Document() = default;

// Others may hold others in turn, in chains too long for recursion.
Document::~Document() {
  while (!others_.empty()) {
    const std::shared_ptr<Document> other = std::move(others_.back());
    others_.pop_back();
    if (other.use_count() > 1) continue;
    others_.insert(others_.end(), std::make_move_iterator(other->others_.begin()),
                   std::make_move_iterator(other->others_.end()));
    other->others_.clear();
  }
}

void Document::spend(std::uint64_t amount) {
  if (budget_ == unlimited) return;
  if (amount > budget_) {
    throw Error(errc::corrupt_data,
                "it copies parts of itself so often that it would become far larger than it is");
  }
  budget_ -= amount;
}

const Value* Document::find(std::span<const Entry> entries, const Value& key) const {
  constexpr std::size_t smallest_indexed = 16;
  if (entries.size() < smallest_indexed) return detail::find(entries, key);
  std::unique_ptr<const DictIndex> made;  // ends without the lock where another thread was faster
  std::unique_lock lock(index_mutex());
  auto found = indices_.find(entries.data());
  if (found == indices_.end()) {
    lock.unlock();
    made = std::make_unique<const DictIndex>(entries);
    lock.lock();
    found = indices_.try_emplace(entries.data(), std::move(made)).first;
  }
  const DictIndex& index = *found->second;
  lock.unlock();
  return index.find(key);
}

Value Document::text(Tag tag, std::string_view text) {
  auto* const copy = static_cast<char*>(arena_.allocate(text.size()));
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  return Value::text(tag, copy, text.size());
}

Value Document::complex(double real, double imaginary) {
  auto* const parts = static_cast<double*>(arena_.allocate(2 * sizeof(double)));
  parts[0] = real;
  parts[1] = imaginary;
  return Value::text(Tag::complex, parts, 2 * sizeof(double));
}

Value Document::integer(std::span<const std::byte> bytes) {
  const auto is_extension = [&](std::size_t last) {  // of the sign of the byte before
    const auto sign =
        static_cast<std::int8_t>(bytes[last - 1]) < 0 ? std::byte{0xff} : std::byte{0};
    return bytes[last] == sign;
  };
  while (bytes.size() > 1 && is_extension(bytes.size() - 1)) bytes = bytes.first(bytes.size() - 1);
  if (bytes.size() > 8) {
    return text(Tag::big_integer, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  const std::size_t unused = 64 - 8 * bytes.size();
  if (unused == 64) return Value::integer(0);
  return Value::integer(static_cast<std::int64_t>(value << unused) >> unused);
}

void Document::append(Sequence& sequence, std::span<const Value> items) {
  grow(arena_, sequence.items, sequence.size, sequence.capacity, items.size());
  std::ranges::copy(items, sequence.items + sequence.size);
  sequence.size += items.size();
}

void Document::append(Dict& dict, std::span<const Value> keys_and_values) {
  const std::size_t count = keys_and_values.size() / 2;
  grow(arena_, dict.entries, dict.size, dict.capacity, count);
  Entry* entry = dict.entries + dict.size;
  for (std::size_t i = 0; i < count; ++i)
    *entry++ = {keys_and_values[2 * i], keys_and_values[2 * i + 1]};
  dict.size += count;
}

}  // namespace joblib::detail
