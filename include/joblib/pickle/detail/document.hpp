#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// Memory that is handed out in small pieces and freed as a whole.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialized, aligned for any of the nodes; a place of its own also for 0 bytes, since places
  /// are identities.
  void* allocate(std::size_t bytes) {
    return take((bytes + (bytes == 0 ? 1 : 0) + 7) & ~std::size_t{7});
  }

 private:
  void* take(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(end_ - next_)) return take_from_new_block(bytes);
    std::byte* const result = next_;
    next_ += bytes;
    return result;
  }
  void* take_from_new_block(std::size_t bytes);

  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t block_size_ = 4096;
  std::vector<std::shared_ptr<std::byte>> blocks_ = {};
};

class DictIndex;

/// Owns the nodes of values.
class Document {
 public:
  Document();
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  /// A node that needs no destructor.
  template <class Node>
  Node* make() {
    return new (arena_.allocate(sizeof(Node))) Node{};
  }
  ArrayNode* make_array() { return &arrays_.emplace_back(); }
  dtype* keep(dtype type) { return &types_.emplace_back(std::move(type)); }
  Value text(Tag tag, std::string_view text);
  Value complex(double real, double imaginary);
  /// The integer of two's complement, little endian bytes: in place where it fits 64 bits.
  Value integer(std::span<const std::byte> bytes);

  void append(Sequence& sequence, std::span<const Value> items);
  /// Key, value, key, value, ...
  void append(Dict& dict, std::span<const Value> keys_and_values);

  /// What may be made by copying parts of this document, in bytes or items: a small pickle may ask
  /// for a part again and again. Without limit at first.
  std::uint64_t budget() const noexcept { return budget_; }
  void limit(std::uint64_t budget) noexcept { budget_ = budget; }
  void allow(std::uint64_t more) noexcept { budget_ += std::min(more, unlimited - budget_); }
  /// Throws Error where that is more than may be made.
  void spend(std::uint64_t amount);

  /// Keeps another document's nodes alive as long as this one.
  void keep(std::shared_ptr<Document> other) { others_.push_back(std::move(other)); }

  /// The value of a key in a dict of this document; null where there is none. Large dicts are
  /// indexed the first time. Thread-safe.
  const Value* find(std::span<const Entry> entries, const Value& key) const;
  const Value* find(std::span<const Entry> entries, std::string_view key) const {
    return find(entries, Value::text(Tag::str, key.data(), key.size()));
  }

  Arena& arena() noexcept { return arena_; }
  std::deque<ArrayNode>& arrays() noexcept { return arrays_; }

 private:
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

  Arena arena_ = {};
  std::deque<ArrayNode> arrays_ = {};
  std::deque<dtype> types_ = {};
  std::vector<std::shared_ptr<Document>> others_ = {};
  std::uint64_t budget_ = unlimited;
  mutable std::unordered_map<const Entry*, std::unique_ptr<const DictIndex>> indices_;
};

}  // namespace joblib::detail
