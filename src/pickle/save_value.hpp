#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

#include "joblib/core/error.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "joblib/pickle/detail/save.hpp"
#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// Saves values to a sink in the way of Python's pickle: what is shared is saved once and then
/// referred to.
template <class Sink>
class ValueSaver {
 public:
  explicit ValueSaver(Sink& sink) : sink_(sink) {}

  void save(const Value& value) {
    const void* const identity = value.identity();
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
      case Tag::set: {
        sink_.begin_set();
        const std::span<const Value> items = value.sequence().span();
        in_batches(
            items.size(), 1, [&](std::size_t i) { save(items[i]); },
            [&](std::size_t) { sink_.additems(); });
        sink_.end_set();
        return memoize(value);
      }
      case Tag::frozenset:
        sink_.begin_frozenset();
        for (const Value& item : value.sequence().span()) save(item);
        sink_.end_frozenset();
        return memoize(value);
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

  template <class SaveOne, class Close>
  void in_batches(std::size_t count, std::size_t smallest_marked, SaveOne save_one, Close close) {
    save_in_batches(sink_, count, smallest_marked, save_one, close);
  }

  void save_list_items(const Sequence& items) {
    in_batches(
        items.size, 2, [&](std::size_t i) { save(items.items[i]); },
        [&](std::size_t batch) { batch > 1 ? sink_.appends() : sink_.append(); });
  }

  void save_entries(const Dict& dict) {
    in_batches(
        dict.size, 2,
        [&](std::size_t i) {
          save(dict.entries[i].key);
          save(dict.entries[i].value);
        },
        [&](std::size_t batch) { batch > 1 ? sink_.setitems() : sink_.setitem(); });
  }

  void save_tuple(const Value& value) {
    const std::span<const Value> items = value.sequence().span();
    sink_.begin_tuple(items.size());
    for (const Value& item : items) save(item);
    if (items.empty()) return sink_.end_tuple(0);
    if (const auto found = memo_.find(value.identity()); found != memo_.end()) {
      // The tuple holds itself, and has been saved on the way.
      sink_.drop_tuple(items.size());
      return sink_.get(found->second);
    }
    sink_.end_tuple(items.size());
    memoize(value);
  }

  void save_instance(const Value& value) {
    const Instance& instance = value.instance();
    save(instance.callable);
    save(instance.arguments);
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

  void save_array(const Value& value) {
    const ArrayNode& node = value.array();
    if (node.scalar) {
      sink_.scalar(node.array);
      return memoize(value);
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

  void memoize(const Value& value) { memo_.emplace(value.identity(), sink_.memoize()); }

  Sink& sink_;
  std::unordered_map<const void*, std::size_t> memo_ = {};
  int depth_ = 0;
};

}  // namespace joblib::detail
