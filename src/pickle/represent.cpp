
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "joblib/pickle/detail/extraction.hpp"
#include "text.hpp"

namespace joblib::detail {
namespace {

std::string full_name(const Global& global) {
  return std::string(global.module.text()) + '.' + std::string(global.name.text());
}

// As Python quotes text: single quotes unless the text has those and no double ones.
char quote_for(std::string_view text) {
  return text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
}

void append_quoted(std::string& out, std::string_view text, bool is_bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  const char quote = quote_for(text);
  out += quote;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == quote || character == '\\') {
      (out += '\\') += character;
    } else if (character == '\n') {
      out += "\\n";
    } else if (character == '\r') {
      out += "\\r";
    } else if (character == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f || (is_bytes && byte >= 0x80)) {
      ((out += "\\x") += digits[byte >> 4]) += digits[byte & 15];
    } else {
      out += character;
    }
  }
  out += quote;
}

std::string complex_text(const ComplexParts& parts) {
  const auto plain = [](long double part) {
    std::string text = format_real(static_cast<double>(part));
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
  };
  if (parts.real == 0 && !std::signbit(parts.real)) return plain(parts.imaginary) + 'j';
  const std::string imaginary = plain(parts.imaginary);
  return '(' + plain(parts.real) + (imaginary[0] == '-' ? "" : "+") + imaginary + "j)";
}

// Writes text until it is long enough; what comes after that is never looked at.
class Representation {
 public:
  explicit Representation(std::size_t most) : most_(most) {}

  std::string of(const Value& value) {
    put(value);
    if (text_.size() <= most_) return std::move(text_);
    std::size_t end = most_;
    while (end > 0 && (static_cast<unsigned char>(text_[end]) & 0xc0) == 0x80) --end;
    return text_.substr(0, end) + "...";
  }

 private:
  // Of larger arrays numpy, too, shows the first and last ones of each axis only.
  static constexpr std::size_t most_elements = 1000;
  static constexpr std::size_t most_at_edge = 3;

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
      case Tag::complex:
        text_ += complex_text(parts_of_complex(value));
        return;
      case Tag::str:
        return append_quoted(text_, value.text().substr(0, most_), false);
      case Tag::bytes:
        text_ += 'b';
        return append_quoted(text_, value.text().substr(0, most_), true);
      case Tag::bytearray:
        text_ += "bytearray(b";
        append_quoted(text_, value.text().substr(0, most_), true);
        text_ += ')';
        return;
      case Tag::global:
        text_ += "<class '" + full_name(value.global()) + "'>";
        return;
      case Tag::dtype:
        text_ += value.type().repr();
        return;
      default:
        return put_container(value);
    }
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
    if (holds_itself || ancestors_.size() > most_nested) {
      text_ += value.tag() == Tag::dict ? "{...}" : value.tag() == Tag::list ? "[...]" : "(...)";
      return;
    }
    ancestors_.push_back(value.identity());
    switch (value.tag()) {
      case Tag::list:
        put_items("[", value.sequence().span(), "]");
        break;
      case Tag::tuple:
        put_items("(", value.sequence().span(), value.sequence().size == 1 ? ",)" : ")");
        break;
      case Tag::set:
        if (value.sequence().size == 0) {
          text_ += "set()";
        } else {
          put_items("{", value.sequence().span(), "}");
        }
        break;
      case Tag::frozenset:
        if (value.sequence().size == 0) {
          text_ += "frozenset()";
        } else {
          put_items("frozenset({", value.sequence().span(), "})");
        }
        break;
      case Tag::dict:
        put_entries("{", value.dict().span(), "}");
        break;
      case Tag::array:
        put_array(value.array());
        break;
      default:
        put_instance(value.instance());
    }
    ancestors_.pop_back();
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

  // module.Class(argument, ..., [items], {entries}, attribute=value, ...)
  void put_instance(const Instance& instance) {
    if (instance.callable.tag() == Tag::global) {
      text_ += full_name(instance.callable.global());
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
    const bool is_plain = node.state.is_none() && !node.in_file;
    if (is_plain && node.scalar && node.array.type.fields().empty())
      return put_element(node.array, node.array.data.get());
    text_ += node.subclass == nullptr ? "array(" : std::string(node.subclass->name.text()) + '(';
    if (is_plain && !node.array.type.has_objects() && node.array.type.fields().empty()) {
      put_axis(node.array, 0, node.array.data.get());
    } else if (is_plain && node.array.type.has_objects()) {
      put_items("[", node.objects.span(), "]");
    } else {
      text_ += "...";
    }
    text_ += ", shape=(";
    for (const std::size_t extent : node.array.shape) text_ += std::to_string(extent) + ", ";
    if (!node.array.shape.empty())
      text_.resize(text_.size() - (node.array.shape.size() > 1 ? 2 : 1));
    text_ += "), dtype=" + node.array.type.name() + ')';
  }

  void put_axis(const Array& array, std::size_t axis, const std::byte* first) {
    if (axis == array.ndim()) return put_element(array, first);
    text_ += '[';
    const std::size_t size = array.shape[axis];
    const bool is_shortened = size > 2 * most_at_edge && array.size() > most_elements;
    for (std::size_t i = 0; i < size && !full(); ++i) {
      if (is_shortened && i == most_at_edge) {
        text_ += ", ...";
        i = size - most_at_edge;
      }
      if (i > 0) text_ += ", ";
      put_axis(array, axis + 1, first + static_cast<std::ptrdiff_t>(i) * array.strides[axis]);
    }
    text_ += ']';
  }

  void put_element(const Array& array, const std::byte* element) {
    const std::shared_ptr<std::byte> unowned(std::shared_ptr<std::byte>(),
                                             const_cast<std::byte*>(element));
    ArrayNode scalar{.array = {.type = array.type, .data = unowned}, .scalar = true};
    const Value value = Value::array(&scalar);
    if (const auto truth = to_bool(value)) {
      text_ += *truth ? "True" : "False";
    } else if (const auto integer = to_signed(value)) {
      text_ += std::to_string(*integer);
    } else if (const auto large = to_unsigned(value)) {
      text_ += std::to_string(*large);
    } else if (const auto real = to_long_real(value)) {
      text_ += format_real(static_cast<double>(*real));
    } else if (const auto parts = to_complex(value)) {
      text_ += complex_text(*parts);
    } else if (array.type.kind() == dtype::Kind::bytes) {
      const auto* const characters = reinterpret_cast<const char*>(element);
      text_ += 'b';
      append_quoted(text_, {characters, strnlen(characters, array.type.itemsize())}, true);
    } else if (array.type.kind() == dtype::Kind::str) {
      const Array native = to_native(scalar.array);
      append_quoted(text_, utf8_of_characters({native.data.get(), native.type.itemsize()}), false);
    } else {
      text_ += "<" + array.type.name() + ">";
    }
  }

  std::size_t most_;
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

std::string represent(const Value& value, std::size_t most) {
  return Representation(most).of(value);
}

std::string describe(const Value& value) {
  std::string name = class_name(value);
  if (name.starts_with("builtins.")) name.erase(0, std::string_view("builtins.").size());
  if (value.is_none()) return "None";
  if (value.tag() != Tag::array || value.array().scalar) return name;
  name += " of " + value.array().array.type.name() + ", shape (";
  const std::vector<std::size_t>& shape = value.array().array.shape;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) name += ", ";
    name += std::to_string(shape[i]);
  }
  return name + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace joblib::detail
