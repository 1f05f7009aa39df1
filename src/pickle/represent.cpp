#include "represent.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "float_text.hpp"
#include "joblib/core/detail/utf8.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "joblib/pickle/detail/keys.hpp"
#include "text.hpp"
#include "time_text.hpp"

namespace joblib::detail {
namespace {

std::string full_name(const Global& global) {
  return std::string(global.module.text()) + '.' + std::string(global.name.text());
}

// As Python shows it: "int", "decimal.Decimal".
std::string shown_name(const Global& global) {
  return global.module.text() == "builtins" ? std::string(global.name.text()) : full_name(global);
}

// Of what can be compared with each other.
std::string group_of(const Value& key) {
  const bool is_number = key.tag() >= Tag::boolean && key.tag() <= Tag::real;
  return is_number ? "builtins.int" : class_name(key);
}

// By the names of types; those of one type by their order, if they have one.
std::vector<Entry> sorted_by_type(std::span<const Entry> entries) {
  std::map<std::string, std::vector<Entry>> groups;
  for (const Entry& entry : entries) groups[group_of(entry.key)].push_back(entry);
  std::vector<Entry> sorted;
  for (auto& [name, group] : groups) {
    if (groups.size() > 1) group = sorted_entries(group);
    sorted.insert(sorted.end(), group.begin(), group.end());
  }
  return sorted;
}

// Writes text until it is long enough; what comes after that is never looked at.
class Representation {
 public:
  Representation(std::size_t most, const ReprStyle& style)
      : most_(std::min<std::size_t>(most, std::numeric_limits<std::ptrdiff_t>::max())),
        style_(style) {}

  std::string of(const Value& value) {
    put(value);
    if (text_.size() <= most_) return std::move(text_);
    std::size_t end = most_;
    while (end > 0 && !begins_character(text_[end])) --end;
    return text_.substr(0, end) + "...";
  }

 private:
  bool full() const { return text_.size() > most_; }

  void put(const Value& value) {
    if (full()) return;
    switch (value.tag()) {
      case Tag::none:
        text_ += "None";
        return;
      case Tag::boolean:
        text_ += value.boolean() ? "True" : "False";
        return;
      case Tag::integer:
        text_ += std::to_string(value.integer());
        return;
      case Tag::big_integer:
        return put_big_integer(value);
      case Tag::real:
        text_ += format_real(value.real());
        return;
      case Tag::complex: {
        const ComplexParts parts = parts_of_complex(value);
        text_ += format_complex(parts.real, parts.imaginary);
        return;
      }
      case Tag::str:
        return append_quoted(text_, value.text(), false, most_);
      case Tag::bytes:
        text_ += 'b';
        return append_quoted(text_, value.text(), true, most_);
      case Tag::bytearray:
        return put_bytearray(value.text());
      case Tag::global:
        text_ += "<class '" + shown_name(value.global()) + "'>";
        return;
      case Tag::dtype:
        text_ += value.type().repr();
        return;
      default:
        return put_container(value);
    }
  }

  // Python escapes apostrophes in all of them.
  void put_bytearray(std::string_view bytes) {
    std::string literal;
    append_quoted(literal, bytes, true, most_);
    text_ += "bytearray(b";
    for (const char character : literal) {
      if (character == '\'' && literal[0] == '"') text_ += '\\';
      text_ += character;
    }
    text_ += ')';
  }

  void put_big_integer(const Value& value) {
    constexpr std::size_t longest = 1800;  // Python refuses more than 4300 digits, too
    if (value.bytes().size() <= longest) {
      text_ += format_integer(value.bytes());
    } else {
      text_ += "<int of " + std::to_string(8 * value.bytes().size()) + " bits>";
    }
  }

  void put_container(const Value& value) {
    const bool holds_itself = std::ranges::find(ancestors_, value.identity()) != ancestors_.end();
    const bool too_deep = is_too_deep(value);
    if (holds_itself || ancestors_.size() > most_nested || too_deep) {
      const bool is_single = too_deep && value.tag() == Tag::tuple && value.sequence().size == 1;
      text_ += value.tag() == Tag::dict   ? "{...}"
               : value.tag() == Tag::list ? "[...]"
               : is_single                ? "(...,)"
                                          : "(...)";
      return;
    }
    ancestors_.push_back(value.identity());
    const ReprStyle style = style_;
    if (!counts_as_level(value)) style_.dicts = nullptr;  // pprint asks others for their repr()
    if (style_.levels > 0) --style_.levels;
    put_node(value);
    style_ = style;
    ancestors_.pop_back();
  }

  static bool counts_as_level(const Value& value) {
    return value.tag() == Tag::list || value.tag() == Tag::tuple || value.tag() == Tag::dict;
  }
  bool is_too_deep(const Value& value) const {
    if (style_.dicts == nullptr || style_.levels > 0 || !counts_as_level(value)) return false;
    return (value.tag() == Tag::dict ? value.dict().size : value.sequence().size) > 0;
  }

  void put_node(const Value& value) {
    switch (value.tag()) {
      case Tag::list:
        return put_items("[", value.sequence().span(), "]");
      case Tag::tuple:
        return put_items("(", value.sequence().span(), value.sequence().size == 1 ? ",)" : ")");
      case Tag::set:
        if (value.sequence().size > 0) return put_items("{", value.sequence().span(), "}");
        text_ += "set()";
        return;
      case Tag::frozenset:
        if (value.sequence().size > 0)
          return put_items("frozenset({", value.sequence().span(), "})");
        text_ += "frozenset()";
        return;
      case Tag::dict:
        return put_entries("{", style_.dicts ? style_.dicts->of(value.dict()) : value.dict().span(),
                           "}");
      case Tag::array:
        return put_array(value.array());
      default:
        if (const auto time = time_repr(value)) return put_time(*time);
        return put_instance(value.instance());
    }
  }

  void put_items(std::string_view open, std::span<const Value> items, std::string_view close) {
    text_ += open;
    for (std::size_t i = 0; i < items.size() && !full(); ++i) {
      if (i > 0) text_ += ", ";
      put(items[i]);
    }
    text_ += close;
  }

  void put_entries(std::string_view open, std::span<const Entry> entries, std::string_view close) {
    text_ += open;
    for (std::size_t i = 0; i < entries.size() && !full(); ++i) {
      if (i > 0) text_ += ", ";
      put(entries[i].key);
      text_ += ": ";
      put(entries[i].value);
    }
    text_ += close;
  }

  void put_time(const TimeRepr& time) {
    text_ += time.front;
    if (time.zone != nullptr) put(*time.zone);
    text_ += time.back;
  }

  // module.Class(argument, ..., [items], {entries}, attribute=value, ...)
  void put_instance(const Instance& instance) {
    if (instance.callable.tag() == Tag::global) {
      text_ += shown_name(instance.callable.global());
    } else {
      put(instance.callable);
    }
    std::string_view separator = "(";
    const auto separate = [&] {
      text_ += std::exchange(separator, ", ");
      return !full();
    };
    for (const Value& argument : instance.arguments.sequence().span()) {
      if (!separate()) return;
      put(argument);
    }
    if (instance.items.size > 0 && separate()) put_items("[", instance.items.span(), "]");
    if (instance.entries.size > 0 && separate()) put_entries("{", instance.entries.span(), "}");
    if (const auto attributes = attributes_of(instance)) {
      for (const Entry& attribute : *attributes) {
        if (!separate()) return;
        if (attribute.key.tag() == Tag::str) {
          text_ += attribute.key.text();
        } else {
          put(attribute.key);
        }
        text_ += '=';
        put(attribute.value);
      }
    } else if (separate()) {
      put(instance.state);
    }
    text_ += separator == "(" ? "()" : ")";
  }

  void put_array(const ArrayNode& node) {
    if (!node.state.is_none() || node.in_file) {
      text_ += node.subclass == nullptr ? "array" : node.subclass->name.text();
      text_ +=
          "(..., shape=" + tuple_text(node.array.shape) + ", dtype=" + node.array.type.name() + ')';
    } else if (node.scalar) {
      text_ += scalar_repr(node.array, style_.arrays, most_ - text_.size());
    } else {
      text_ += array_repr(node, style_.arrays, most_ - text_.size(),
                          [this](const Value& object, std::size_t most) {
                            Representation element(most, {.arrays = style_.arrays});
                            element.ancestors_ = ancestors_;
                            return element.of(object);
                          });
    }
  }

  std::size_t most_;
  ReprStyle style_;
  std::string text_ = {};
  std::vector<const void*> ancestors_ = {};
};

}  // namespace

std::string class_name(const Value& value) {
  static constexpr std::array names{"NoneType", "bool", "int",   "int",       "float",
                                    "complex",  "str",  "bytes", "bytearray", "list",
                                    "tuple",    "dict", "set",   "frozenset"};
  if (value.tag() < Tag::global)
    return std::string("builtins.") + names[static_cast<std::size_t>(value.tag())];
  switch (value.tag()) {
    case Tag::global:
      return full_name(value.global());
    case Tag::dtype:
      return "numpy.dtype";
    case Tag::array: {
      const ArrayNode& node = value.array();
      if (node.scalar) return "numpy." + node.array.type.name();
      return node.subclass == nullptr ? "numpy.ndarray" : full_name(*node.subclass);
    }
    default: {
      const Global* const its_class = class_of(value.instance());
      return its_class == nullptr ? "object" : full_name(*its_class);
    }
  }
}

std::string represent(const Value& value, std::size_t most, const ReprStyle& style) {
  return Representation(most, style).of(value);
}

std::string represent(const Value& value, std::size_t most) {
  return represent(value, most, ReprStyle());
}

std::span<const Entry> SortedDicts::of(const Dict& dict) {
  const auto [found, is_new] = sorted_.try_emplace(dict.entries);
  if (is_new) found->second = sorted_entries(dict.span());
  return found->second;
}

std::vector<Entry> sorted_entries(std::span<const Entry> entries) {
  std::vector<Value> keys;
  for (const Entry& entry : entries) keys.push_back(entry.key);
  const auto positions = sorted_keys(keys);
  if (!positions) return sorted_by_type(entries);
  std::vector<Entry> sorted;
  for (const EqualKeys& position : *positions)
    sorted.push_back({keys[position.first], entries[position.last].value});
  return sorted;
}

std::string describe(const Value& value) {
  std::string name = class_name(value);
  if (name.starts_with("builtins.")) name.erase(0, std::string_view("builtins.").size());
  if (value.is_none()) return "None";
  if (value.tag() != Tag::array || value.array().scalar) return name;
  const Array& array = value.array().array;
  return name + " of " + array.type.name() + ", shape " + tuple_text(array.shape);
}

}  // namespace joblib::detail
