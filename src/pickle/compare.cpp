#include "compare.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "joblib/pickle/detail/extraction.hpp"

namespace joblib::detail {
namespace {

bool is_number(const Value& value) {
  const Tag tag = value.tag();
  return tag == Tag::boolean || tag == Tag::integer || tag == Tag::real || tag == Tag::complex;
}

// A number that fits 64 bits or is a float; a long double holds both exactly.
ComplexParts parts_of(const Value& number) {
  switch (number.tag()) {
    case Tag::real:
      return {number.real(), 0};
    case Tag::complex:
      return parts_of_complex(number);
    default:
      return {static_cast<long double>(number.integer()), 0};
  }
}

// How much work a comparison may be, with all those inside of it.
struct Effort {
  int depth = 0;
  std::uint64_t trials = 0;
};

class Comparison {
 public:
  explicit Comparison(Effort& effort) : effort_(effort) {}

  bool equal(const Value& left, const Value& right) {
    if (is_number(left) && is_number(right)) {
      const ComplexParts a = parts_of(left);
      const ComplexParts b = parts_of(right);
      return a.real == b.real && a.imaginary == b.imaginary;
    }
    if (is_binary(left) && is_binary(right)) return left.text() == right.text();
    if (is_set(left) && is_set(right)) return with_memory(left, right, &Comparison::equal_sets);
    if (left.tag() != right.tag()) return false;
    switch (left.tag()) {
      case Tag::none:
        return true;
      case Tag::big_integer:
      case Tag::str:
        return left.text() == right.text();
      case Tag::list:
      case Tag::tuple:
        return with_memory(left, right, &Comparison::equal_items);
      case Tag::dict:
        return with_memory(left, right, &Comparison::equal_dicts);
      case Tag::instance:
        return with_memory(left, right, &Comparison::equal_instances);
      case Tag::array:
        return with_memory(left, right, &Comparison::equal_arrays);
      case Tag::global:
        return left.global().module.text() == right.global().module.text() &&
               left.global().name.text() == right.global().name.text();
      default:
        return left.type() == right.type();
    }
  }

 private:
  static bool is_binary(const Value& value) {
    return value.tag() == Tag::bytes || value.tag() == Tag::bytearray;
  }
  static bool is_set(const Value& value) {
    return value.tag() == Tag::set || value.tag() == Tag::frozenset;
  }

  // Keys, and items of sets, of which some are equal and some are not.
  bool try_equal(const Value& left, const Value& right) {
    // Sets of sets, all of the same hash, would take forever.
    constexpr std::uint64_t most_trials = 100'000'000;
    if (++effort_.trials > most_trials)
      throw Error(errc::invalid_argument, "the values hold sets that take too long to compare");
    return Comparison(effort_).equal(left, right);
  }

  // A pair that is being compared, or has been, counts as equal: if it isn't, all of it isn't.
  bool with_memory(const Value& left, const Value& right,
                   bool (Comparison::*compare)(const Value&, const Value&)) {
    if (left.identity() == right.identity()) return true;
    if (!compared_.emplace(left.identity(), right.identity()).second) return true;
    if (++effort_.depth > most_nested) {
      throw Error(errc::invalid_argument,
                  "the values are nested deeper than " + std::to_string(most_nested) + " levels");
    }
    const bool result = (this->*compare)(left, right);
    --effort_.depth;
    return result;
  }

  bool equal_spans(std::span<const Value> left, std::span<const Value> right) {
    return std::ranges::equal(left, right,
                              [this](const Value& a, const Value& b) { return equal(a, b); });
  }

  bool equal_items(const Value& left, const Value& right) {
    return equal_spans(left.sequence().span(), right.sequence().span());
  }

  bool equal_sets(const Value& left, const Value& right) {
    const std::span<const Value> a = left.sequence().span();
    const std::span<const Value> b = right.sequence().span();
    if (a.size() != b.size()) return false;
    std::unordered_multimap<std::size_t, const Value*> items;
    for (const Value& item : b) items.emplace(detail::hash_of(item), &item);
    return std::ranges::all_of(a, [&](const Value& item) {
      const auto [first, last] = items.equal_range(detail::hash_of(item));
      return std::any_of(first, last,
                         [&](const auto& found) { return try_equal(item, *found.second); });
    });
  }

  bool equal_entries(std::span<const Entry> left, std::span<const Entry> right) {
    if (left.size() != right.size()) return false;
    std::optional<DictIndex> index;  // only where the order differs
    for (std::size_t i = 0; i < left.size(); ++i) {
      const Value* other = &right[i].value;
      if (!try_equal(left[i].key, right[i].key)) {
        if (!index) index.emplace(right);
        other = index->find(left[i].key,
                            [this](const Value& a, const Value& b) { return try_equal(a, b); });
      }
      if (other == nullptr || !equal(left[i].value, *other)) return false;
    }
    return true;
  }

  bool equal_dicts(const Value& left, const Value& right) {
    return equal_entries(left.dict().span(), right.dict().span());
  }

  bool equal_instances(const Value& left, const Value& right) {
    const Instance& a = left.instance();
    const Instance& b = right.instance();
    return equal(a.callable, b.callable) && equal(a.arguments, b.arguments) &&
           equal(a.keywords, b.keywords) && equal(a.state, b.state) &&
           equal_spans(a.items.span(), b.items.span()) &&
           equal_entries(a.entries.span(), b.entries.span());
  }

  bool equal_arrays(const Value& left, const Value& right) {
    const ArrayNode& a = left.array();
    const ArrayNode& b = right.array();
    if (a.scalar != b.scalar || !(a.array.type == b.array.type) || a.array.shape != b.array.shape ||
        !equal(a.state, b.state))
      return false;
    if (a.array.type.has_objects() || !a.state.is_none())
      return equal_spans(a.objects.span(), b.objects.span());
    if (a.array.size() == 0) return true;
    const Array left_elements = copy(a.array, Order::C);
    const Array right_elements = copy(b.array, Order::C);
    return std::memcmp(left_elements.data.get(), right_elements.data.get(), a.array.nbytes()) == 0;
  }

  Effort& effort_;
  std::set<std::pair<const void*, const void*>> compared_ = {};
};

// Looks at the first items of a few levels: what is large or deep differs early, too.
std::size_t hash_of(const Value& value, int levels) {
  constexpr std::size_t most_items = 8;
  const auto mix = [](std::size_t hash, std::size_t more) {
    return (hash ^ more) * 0x9e3779b97f4a7c15U + (hash >> 7);
  };
  if (is_number(value)) return std::hash<long double>()(parts_of(value).real);
  switch (value.tag()) {
    case Tag::big_integer:
    case Tag::str:
    case Tag::bytes:
    case Tag::bytearray:
      return std::hash<std::string_view>()(value.text());
    case Tag::tuple: {
      std::size_t hash = value.sequence().size;
      if (levels == 0) return hash;
      for (const Value& item : value.sequence().span().first(std::min(hash, most_items)))
        hash = mix(hash, hash_of(item, levels - 1));
      return hash;
    }
    case Tag::set:
    case Tag::frozenset: {  // items in any order
      std::size_t hash = value.sequence().size;
      if (levels == 0 || hash > most_items) return hash;
      for (const Value& item : value.sequence().span()) hash += mix(1, hash_of(item, levels - 1));
      return hash;
    }
    case Tag::instance:  // a date, an enumerator
      return levels == 0 ? 1 : hash_of(value.instance().arguments, levels - 1);
    default:
      return 0;
  }
}

}  // namespace

bool equal(const Value& left, const Value& right) {
  Effort effort;
  return Comparison(effort).equal(left, right);
}

std::size_t hash_of(const Value& value) {
  constexpr int levels = 3;
  return hash_of(value, levels);
}

DictIndex::DictIndex(std::span<const Entry> entries) {
  entries_.reserve(entries.size());
  for (const Entry& entry : entries) entries_.emplace(hash_of(entry.key), &entry);
}

const Value* DictIndex::find(const Value& key, const Equal& equal) const {
  const Entry* found = nullptr;
  const auto [first, last] = entries_.equal_range(hash_of(key));
  for (auto each = first; each != last; ++each) {
    if (equal(each->second->key, key) && (found == nullptr || found < each->second))
      found = each->second;
  }
  return found == nullptr ? nullptr : &found->value;
}

const Value* find(std::span<const Entry> entries, const Value& key) {
  for (const Entry& entry : std::views::reverse(entries)) {
    if (equal(entry.key, key)) return &entry.value;
  }
  return nullptr;
}

}  // namespace joblib::detail
