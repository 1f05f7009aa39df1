#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "joblib/pickle/detail/kinds.hpp"
#include "joblib/pickle/detail/machine.hpp"

namespace joblib::detail {

template <class Sink, class T>
void save_hashable(Sink& sink, const T& value);

/// Positions of keys that are equal: one, but in dicts of pickles that repeat a key.
struct EqualKeys {
  std::size_t first;
  std::size_t last;
};

/// Keys of a dict or items of a set in the order of Python's sorted(); nothing where it raises a
/// TypeError, as for keys of several types. Numbers, text, tuples, frozensets, numpy's numbers, and
/// datetime's types without time zones are compared, nothing else.
std::optional<std::vector<EqualKeys>> sorted_keys(std::span<const Value> keys);

/// The key, with numpy's numbers and text in it as Python's own, which are equal to them.
Value plain_key(const Value& key, Document& document, int depth = 0);

/// A sink to which equal dicts and sets must be saved in the same way, whatever their order is:
/// `digest_of(save)` is the digest of what `save(sink)` saves.
template <class Sink>
concept Digesting = Sink::is_digest;

/// Keys that C++ sorts as Python does.
template <class Key>
concept PlainKey = !OwnPickler<Key> &&
                   (Integer<Key> || std::same_as<Key, bool> || std::is_enum_v<Key> || Text<Key>);

/// Saves the keys of a map or the items of a set, one after the other, in the order of iteration.
template <class Sink, class T, class KeyOf>
class Keys {
 public:
  Keys(Sink& sink, const T& elements, KeyOf key_of)
      : sink_(sink), next_(std::ranges::begin(elements)), key_of_(key_of) {}

  /// The element of the key.
  decltype(auto) save_next() {
    decltype(auto) element = *next_++;
    save_hashable(sink_, key_of_(element));
    return element;
  }

 private:
  Sink& sink_;
  std::ranges::iterator_t<const T> next_;
  KeyOf key_of_;
};

/// The same in the order of sorted(). Keys that have no order, or are equal in Python, are replaced
/// by their digests and sorted by those.
template <Digesting Sink, class T, class KeyOf>
class Keys<Sink, T, KeyOf> {
  using Element = std::ranges::range_value_t<const T>;
  using Key = std::remove_cvref_t<std::invoke_result_t<KeyOf, const Element&>>;

 public:
  Keys(Sink& sink, const T& elements, KeyOf key_of) : sink_(sink), key_of_(key_of) {
    elements_.reserve(std::ranges::size(elements));
    for (const Element& element : elements) elements_.push_back(&element);
    if (elements_.size() > 1) sort();
  }

  const Element& save_next() {
    const Element& element = *elements_[next_];
    if (digests_.empty()) {
      save_hashable(sink_, key(&element));
    } else {
      sink_.str(digests_[next_]);
    }
    ++next_;
    return element;
  }

 private:
  const Key& key(const Element* element) const { return key_of_(*element); }

  void sort() {
    if constexpr (PlainKey<Key>) {
      const auto less = [this](const Element* left, const Element* right) {
        if constexpr (Text<Key>) {
          return std::string_view(key(left)) < std::string_view(key(right));
        } else {
          return key(left) < key(right);
        }
      };
      if (!std::ranges::is_sorted(elements_, less)) std::ranges::stable_sort(elements_, less);
    } else {
      sort_as_python();
    }
  }

  void sort_as_python() {
    Document document;
    Machine machine(document);
    std::vector<Value> keys;
    for (const Element* element : elements_) {
      save_hashable(machine, key(element));
      keys.push_back(machine.take());
    }
    const auto sorted_positions = sorted_keys(keys);
    if (sorted_positions && sorted_positions->size() == keys.size()) {  // none of them are equal
      std::vector<const Element*> sorted;
      for (const EqualKeys& position : *sorted_positions)
        sorted.push_back(elements_[position.first]);
      elements_ = std::move(sorted);
    } else {
      sort_by_digest();
    }
  }

  void sort_by_digest() {
    std::vector<std::pair<std::string, const Element*>> sorted;
    for (const Element* element : elements_) {
      sorted.emplace_back(sink_.digest_of([&](Sink& sink) { save_hashable(sink, key(element)); }),
                          element);
    }
    std::ranges::stable_sort(sorted, {}, &std::pair<std::string, const Element*>::first);
    elements_.clear();
    for (auto& [digest, element] : sorted) {
      digests_.push_back(std::move(digest));
      elements_.push_back(element);
    }
  }

  Sink& sink_;
  KeyOf key_of_;
  std::vector<const Element*> elements_ = {};
  std::vector<std::string> digests_ = {};  // instead of the keys; empty where those are saved
  std::size_t next_ = 0;
};

}  // namespace joblib::detail
