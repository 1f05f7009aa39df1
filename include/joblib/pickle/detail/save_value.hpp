#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "joblib/core/error.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "joblib/pickle/detail/keys.hpp"
#include "joblib/pickle/detail/value.hpp"
#include "joblib/pickle/object.hpp"

namespace joblib::detail {

template <class Sink>
class ValueSaver;

/// Keys of a dict or items of a set in the order in which a digest takes them: that of sorted(), or
/// of the digests that are saved instead of them.
template <Digesting Sink>
class SortedKeys {
 public:
  SortedKeys(const Sink& sink, std::vector<Value> keys) : keys_(std::move(keys)) {
    if (auto sorted = sorted_keys(keys_)) {
      positions_ = std::move(*sorted);
      return;
    }
    const auto digest_of = [&](const Value& key) {
      return sink.digest_of([&](Sink& other) { ValueSaver<Sink>(other).save(key); });
    };
    Document document;
    std::unordered_map<std::string, std::size_t> positions;  // by digests that equal keys share
    std::vector<std::pair<std::string, EqualKeys>> sorted;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      std::string digest = digest_of(keys_[i]);
      const Value plain = plain_key(keys_[i], document);
      if (may_repeat(plain)) {
        const bool is_own =
            plain.tag() == keys_[i].tag() && plain.identity() == keys_[i].identity();
        const auto [found, is_new] =
            positions.emplace(is_own ? digest : digest_of(plain), sorted.size());
        if (!is_new) {
          sorted[found->second].second.last = i;
          continue;
        }
      }
      sorted.emplace_back(std::move(digest), EqualKeys{i, i});
    }
    std::ranges::stable_sort(sorted, {}, &std::pair<std::string, EqualKeys>::first);
    for (auto& [digest, position] : sorted) {
      digests_.push_back(std::move(digest));
      positions_.push_back(position);
    }
  }

  std::size_t size() const noexcept { return positions_.size(); }
  void save(ValueSaver<Sink>& saver, std::size_t i) const {
    if (!digests_.empty()) return saver.save_text(digests_[i]);
    saver.save(keys_[positions_[i].first]);
  }
  /// Where the value of the key is: the last one counts.
  std::size_t last(std::size_t i) const { return positions_[i].last; }

 private:
  // Whether equal digests are those of one key: NaNs and instances can be keys beside their equals.
  static bool may_repeat(const Value& key) {
    if (key.tag() == Tag::real) return !std::isnan(key.real());
    if (key.tag() == Tag::tuple || key.tag() == Tag::frozenset)
      return std::ranges::all_of(key.sequence().span(), may_repeat);
    return key.tag() != Tag::instance && key.tag() != Tag::array;
  }

  std::vector<Value> keys_;
  std::vector<EqualKeys> positions_ = {};
  std::vector<std::string> digests_ = {};
};

/// Saves values to a sink in the way of Python's pickle: what is shared is saved once and then
/// referred to.
template <class Sink>
class ValueSaver {
 public:
  explicit ValueSaver(Sink& sink) : sink_(sink) {}

  void save(const Value& value) {
    const void* const identity = identity_of(value);
    if (identity == nullptr) return save_scalar(value);
    if (const auto found = memo_.find(identity); found != memo_.end())
      return sink_.get(found->second);
    if (++depth_ > most_nested) {
      throw Error(errc::invalid_argument,
                  "the value is nested deeper than " + std::to_string(most_nested) + " levels");
    }
    save_node(value);
    --depth_;
  }
  void save_text(std::string_view text) { sink_.str(text); }

 private:
  void save_scalar(const Value& value) {
    switch (value.tag()) {
      case Tag::none:
        return sink_.none();
      case Tag::boolean:
        return sink_.boolean(value.boolean());
      case Tag::integer:
        return sink_.integer(value.integer());
      case Tag::big_integer:
        return sink_.big_integer(value.bytes());
      case Tag::real:
        return sink_.real(value.real());
      case Tag::complex: {
        const auto* parts = reinterpret_cast<const double*>(value.bytes().data());
        return sink_.complex(parts[0], parts[1]);
      }
      case Tag::str:
        return sink_.str(value.text());
      default:
        return sink_.bytes(value.bytes());
    }
  }

  void save_node(const Value& value) {
    switch (value.tag()) {
      case Tag::bytearray:
        sink_.bytearray(value.bytes());
        return memoize(value);
      case Tag::list:
        sink_.empty_list();
        memoize(value);
        return save_list_items(value.sequence());
      case Tag::tuple:
        return save_tuple(value);
      case Tag::dict:
        sink_.empty_dict();
        memoize(value);
        return save_entries(value.dict());
      case Tag::set:
        return save_set(value);
      case Tag::frozenset: {
        const std::span<const Value> items = value.sequence().span();
        sink_.frozenset(items.size(), [&](std::size_t i) { save(items[i]); });
        return memoize(value);
      }
      case Tag::global:
        return sink_.global(value.global().module.text(), value.global().name.text());
      case Tag::instance:
        return save_instance(value);
      case Tag::array:
        return save_array(value);
      default:
        return sink_.type(value.type());
    }
  }

  void save_list_items(const Sequence& items) {
    detail::save_items(sink_, items.size, [&](std::size_t i) { save(items.items[i]); });
  }

  void save_set(const Value& value) {
    const std::span<const Value> items = value.sequence().span();
    if constexpr (Digesting<Sink>) {
      // To a digest, a set is a new object whenever it comes.
      const SortedKeys keys(sink_, {items.begin(), items.end()});
      sink_.set(keys.size(), [&](std::size_t i) { keys.save(*this, i); });
    } else {
      sink_.set(items.size(), [&](std::size_t i) { save(items[i]); });
      memoize(value);
    }
  }

  void save_entries(const Dict& dict) {
    const std::span<const Entry> entries = dict.span();
    if constexpr (Digesting<Sink>) {
      const auto key_of = entries | std::views::transform(&Entry::key);
      const SortedKeys keys(sink_, {key_of.begin(), key_of.end()});
      detail::save_entries(sink_, keys.size(), [&](std::size_t i) {
        keys.save(*this, i);
        save(entries[keys.last(i)].value);
      });
    } else {
      detail::save_entries(sink_, entries.size(), [&](std::size_t i) {
        save(entries[i].key);
        save(entries[i].value);
      });
    }
  }

  void save_tuple(const Value& value) {
    const std::span<const Value> items = value.sequence().span();
    sink_.begin_tuple(items.size());
    for (const Value& item : items) save(item);
    if (items.empty()) return sink_.end_tuple(0);
    if (const auto found = memo_.find(identity_of(value)); found != memo_.end()) {
      // The tuple holds itself, and has been saved on the way.
      sink_.drop_tuple(items.size());
      return sink_.get(found->second);
    }
    sink_.end_tuple(items.size());
    memoize(value);
  }

  void save_instance(const Value& value) {
    const Instance& instance = value.instance();
    if constexpr (Digesting<Sink>) {
      if (is_bound_method(value)) return save_bound_method(instance);
      if (is_getattr(value) && save_attribute_of_class(value)) return;
    }
    save_callable(instance);
    save_arguments(value);
    if (!instance.keywords.is_none()) {
      save(instance.keywords);
      sink_.newobj_ex();
    } else if (instance.kind == Instance::Kind::newobj) {
      sink_.newobj();
    } else {
      sink_.reduce();
    }
    memoize(value);
    save_list_items(instance.items);
    save_entries(instance.entries);
    if (!instance.has_state) return;
    save(instance.state);
    sink_.build();
  }

  void save_callable(const Instance& instance) {
    if constexpr (Digesting<Sink>) {
      // An attribute that is called is a method.
      if (instance.kind == Instance::Kind::reduce && is_getattr(instance.callable))
        return save_bound_method(instance.callable.instance());
    }
    save(instance.callable);
  }

  void save_arguments(const Value& instance) {
    const Value& arguments = instance.instance().arguments;
    if constexpr (Digesting<Sink>) {
      if (const std::optional<std::string> fields = fields_without_fold(instance)) {
        const std::span<const Value> items = arguments.sequence().span();
        sink_.begin_tuple(items.size());
        sink_.bytes(std::as_bytes(std::span(*fields)));
        for (const Value& item : items.subspan(1)) save(item);
        return sink_.end_tuple(items.size());
      }
    }
    save(arguments);
  }

  // As pickles have it: getattr(object, name).
  static bool is_getattr(const Value& value) {
    if (value.tag() != Tag::instance) return false;
    const Instance& instance = value.instance();
    return instance.callable.tag() == Tag::global &&
           instance.callable.global().module.text() == "builtins" &&
           instance.callable.global().name.text() == "getattr" &&
           instance.arguments.sequence().size == 2 &&
           instance.arguments.sequence().items[1].tag() == Tag::str;
  }

  // Attributes of a class can be methods of the class, as dict.fromkeys, but also functions,
  // classes and enumerators: only Python's own types are known to have none of those.
  static bool is_bound_method(const Value& value) {
    if (!is_getattr(value)) return false;
    const Value& object = value.instance().arguments.sequence().items[0];
    if (object.tag() == Tag::global) return object.global().module.text() == "builtins";
    return !is_getattr(object);
  }

  // By name, as that of a class inside of a class: it is the same object wherever it stands.
  bool save_attribute_of_class(const Value& value) {
    constexpr std::size_t longest = 1000;  // names of pickles can be anything
    std::string name;
    const Value* object = &value;
    while (is_getattr(*object) && name.size() < longest) {
      const Value* const arguments = object->instance().arguments.sequence().items;
      name.insert(0, arguments[1].text()).insert(0, 1, '.');
      object = &arguments[0];
    }
    if (object->tag() != Tag::global) return false;
    sink_.global(object->global().module.text(), std::string(object->global().name.text()) + name);
    return true;
  }

  void save_bound_method(const Instance& getattr) {
    const Value* const arguments = getattr.arguments.sequence().items;
    sink_.replaced_function([&] {
      sink_.begin_tuple(3);
      sink_.str(arguments[1].text());
      save(arguments[0]);
      save_class_of(arguments[0]);
      sink_.end_tuple(3);
    });
  }

  void save_class_of(const Value& object) {
    if (object.tag() == Tag::global) return sink_.global("builtins", "type");
    if (object.tag() != Tag::instance) {
      const std::string name = class_name(object);
      const std::size_t dot = name.rfind('.');
      return sink_.global(name.substr(0, dot), name.substr(dot + 1));
    }
    const Global* const its_class = class_of(object.instance());
    if (its_class == nullptr) return save(object.instance().callable);
    sink_.global(its_class->module.text(), its_class->name.text());
  }

  static bool is_text(const dtype& type) {
    return type.kind() == dtype::Kind::str || type.kind() == dtype::Kind::bytes;
  }

  void save_array(const Value& value) {
    const ArrayNode& node = value.array();
    if (node.scalar) {
      sink_.scalar(node.array);
      // To a digest, scalars of text are text.
      if (!Digesting<Sink> || !is_text(node.array.type)) memoize(value);
      return;
    }
    if (node.state.is_none() && !node.array.type.has_objects())
      return sink_.array(node.array, node.subclass);
    save_reduced_array(value);
  }

  // numpy's own way: an empty array that is given a state.
  void save_reduced_array(const Value& value) {
    const ArrayNode& node = value.array();
    sink_.global("numpy.core.multiarray", "_reconstruct");
    if (node.subclass == nullptr) {
      sink_.global("numpy", "ndarray");
    } else {
      sink_.global(node.subclass->module.text(), node.subclass->name.text());
    }
    sink_.integer(0);
    sink_.end_tuple(1);
    sink_.bytes(std::as_bytes(std::span("b", 1)));
    sink_.end_tuple(3);
    sink_.reduce();
    memoize(value);
    if (!node.state.is_none()) {
      save(node.state);
    } else {
      sink_.begin_tuple(5);
      sink_.integer(1);
      sink_.begin_tuple(node.array.ndim());
      for (const std::size_t extent : node.array.shape) sink_.unsigned_integer(extent);
      sink_.end_tuple(node.array.ndim());
      sink_.type(node.array.type);
      sink_.boolean(node.order == Order::F);
      sink_.empty_list();
      save_list_items(node.objects);
      sink_.end_tuple(5);
    }
    sink_.build();
  }

  static const void* identity_of(const Value& value) {
    if constexpr (Digesting<Sink>) {
      const bool may_be_singleton = value.tag() == Tag::instance || value.tag() == Tag::array;
      if (const void* const only = may_be_singleton ? python_singleton(value) : nullptr)
        return only;
    }
    return value.identity();
  }
  void memoize(const Value& value) { memo_.emplace(identity_of(value), sink_.memoize()); }

  Sink& sink_;
  std::unordered_map<const void*, std::size_t> memo_ = {};
  int depth_ = 0;
};

template <class Sink>
void save_object(Sink& sink, const Object& object) {
  ValueSaver<Sink>(sink).save(object.value_);
}

}  // namespace joblib::detail
