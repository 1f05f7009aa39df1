#include "numpy_objects.hpp"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "compare.hpp"
#include "joblib/core/detail/utf8.hpp"
#include "joblib/core/error.hpp"

namespace joblib::detail {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(errc::corrupt_data, what); }

std::span<const Value> items_of(const Value& tuple, std::size_t at_least, const char* what) {
  if (tuple.tag() != Tag::tuple || tuple.sequence().size < at_least)
    refuse(std::string(what) + " is no tuple of " + std::to_string(at_least) + " or more");
  return tuple.sequence().span();
}

std::string_view text_of(const Value& value, const char* what) {
  if (value.tag() != Tag::str && value.tag() != Tag::bytes)
    refuse(std::string(what) + " is no str");
  return value.text();
}

std::size_t size_of(const Value& value, const char* what) {
  if ((value.tag() != Tag::integer && value.tag() != Tag::boolean) || value.integer() < 0)
    refuse(std::string(what) + " is no integer of at least 0");
  return static_cast<std::size_t>(value.integer());
}

dtype::Field field_of(std::string_view name, const Value& value) {
  const std::span<const Value> parts = items_of(value, 2, "the field of a dtype");
  if (parts[0].tag() != Tag::dtype) refuse("the type of a field is no dtype");
  dtype::Field field{std::string(name), parts[0].type(),
                     size_of(parts[1], "the offset of a field")};
  if (parts.size() > 2 && parts[2].tag() == Tag::str) field.title = parts[2].text();
  return field;
}

// datetime64 and timedelta64 with their unit: ({}, (b'ns', 1, 1, 1)).
dtype with_unit(const dtype& type, const Value& metadata) {
  const Value& unit = items_of(metadata, 2, "the metadata of a dtype")[1];
  const std::span<const Value> parts = items_of(unit, 2, "the unit of a datetime64");
  const std::string name(text_of(parts[0], "the unit of a datetime64"));
  const std::string code = type.kind() == dtype::Kind::datetime ? "M8" : "m8";
  if (name == "generic") return dtype(code);
  const std::size_t count = size_of(parts[1], "the count of a datetime64");
  return dtype(code + '[' + (count == 1 ? "" : std::to_string(count)) + name + ']');
}

void set_elements(Document& document, Array& array, std::string_view bytes) {
  document.spend(bytes.size());
  const std::size_t wanted =
      checked_size(array.shape, array.type.itemsize()) * array.type.itemsize();
  if (bytes.size() != wanted)
    refuse("an array has " + std::to_string(bytes.size()) + " bytes, not the " +
           std::to_string(wanted) + " of its shape and dtype");
  array.data = allocate_elements(bytes.size());
  if (!bytes.empty()) std::memcpy(array.data.get(), bytes.data(), bytes.size());
}

// The type of numpy's text without the zeros at its end, which are none of its characters.
dtype without_padding(const dtype& type, std::string_view element) {
  if (type.kind() != dtype::Kind::str && type.kind() != dtype::Kind::bytes) return type;
  const std::size_t last = element.find_last_not_of('\0');
  const std::size_t size = last == element.npos ? 0 : last + 1;
  const bool is_str = type.kind() == dtype::Kind::str;
  constexpr std::size_t character = 4;
  const std::size_t length = is_str ? (size + character - 1) / character : size;
  const dtype shorter((is_str ? "U" : "S") + std::to_string(length));
  return type.is_native() ? shorter : shorter.byte_swapped();
}

}  // namespace

std::vector<std::size_t> shape_of(const Value& tuple) {
  std::vector<std::size_t> shape;
  for (const Value& value : items_of(tuple, 0, "a shape"))
    shape.push_back(size_of(value, "a shape"));
  constexpr std::size_t most_axes = 64;  // numpy 2's limit
  if (shape.size() > most_axes) refuse("an array has more than 64 axes");
  return shape;
}

std::optional<Value> make_dtype(Document& document, std::span<const Value> arguments) {
  if (arguments.empty()) return {};
  if (arguments[0].tag() == Tag::global) {  // numpy.record; the fields come with the state
    if (arguments[0].global().name.text() != "record") return {};
    return Value::type(document.keep(dtype("V0").as_record(true)));
  }
  if (arguments[0].tag() == Tag::dtype) return Value::type(document.keep(arguments[0].type()));
  if (arguments[0].tag() != Tag::str && arguments[0].tag() != Tag::bytes) return {};
  return Value::type(document.keep(dtype(arguments[0].text())));
}

dtype with_state(Document& document, const dtype& type, const Value& state) {
  const std::span<const Value> parts = items_of(state, 5, "the state of a dtype");
  const bool has_version = parts[0].tag() == Tag::integer;
  if (!has_version || parts.size() < 7) refuse("the state of a dtype is of an unknown version");
  const std::string_view order = text_of(parts[1], "the byte order of a dtype");
  const std::size_t flags = parts.size() > 7 && parts[7].tag() == Tag::integer
                                ? static_cast<std::size_t>(parts[7].integer())
                                : 0;
  dtype result = type;
  if (!parts[4].is_none()) {
    if (parts[4].tag() != Tag::dict) refuse("the fields of a dtype are no dict");
    constexpr std::size_t aligned = 0x80;
    const std::span<const Value> names = items_of(parts[3], 0, "the names of a dtype");
    document.spend(names.size() * sizeof(dtype::Field));
    const DictIndex types(parts[4].dict().span());
    std::vector<dtype::Field> fields;
    for (const Value& name : names) {
      const std::string_view text = text_of(name, "the name of a field");
      if (!is_utf8(text)) refuse("the name of a field is not valid UTF-8");
      const Value* const field = types.find(Value::text(Tag::str, text.data(), text.size()));
      if (field == nullptr) refuse("a field of a dtype has a name and no type");
      fields.push_back(field_of(text, *field));
    }
    result = dtype::structure(std::move(fields), size_of(parts[5], "the size of a dtype"),
                              size_of(parts[6], "the alignment of a dtype"), (flags & aligned) != 0)
                 .as_record(type.is_record());
  } else if (!parts[2].is_none()) {
    const std::span<const Value> base = items_of(parts[2], 2, "the sub-array of a dtype");
    if (base[0].tag() != Tag::dtype) refuse("the element of a sub-array is no dtype");
    const std::vector<std::size_t> shape =
        base[1].tag() == Tag::tuple ? shape_of(base[1])
                                    : std::vector{size_of(base[1], "the shape of a sub-array")};
    return dtype::sub_array(base[0].type(), shape);
  } else if (parts.size() > 8 &&
             (type.kind() == dtype::Kind::datetime || type.kind() == dtype::Kind::timedelta)) {
    result = with_unit(type, parts[8]);
  }
  const char wanted = order.size() == 1 ? order[0] : '|';
  const bool foreign = (wanted == '<' || wanted == '>') && result.byte_order() != '|' &&
                       wanted != result.byte_order();
  return foreign ? result.byte_swapped() : result;
}

std::optional<Value> make_empty_array(Document& document, std::span<const Value> arguments) {
  if (arguments.size() != 3 || arguments[0].tag() != Tag::global) return {};
  ArrayNode* const node = document.make_array();
  const Global& subclass = arguments[0].global();
  if (subclass.module.text() != "numpy" || subclass.name.text() != "ndarray")
    node->subclass = &subclass;
  node->array.shape = {0};
  node->array.strides = {8};
  return Value::array(node);
}

void set_array_state(Document& document, ArrayNode& node, const Value& state) {
  const bool usual = state.tag() == Tag::tuple && state.sequence().size == 5 &&
                     state.sequence().items[2].tag() == Tag::dtype;
  if (!usual) {
    node = {.array = {.shape = {0}, .strides = {8}}, .subclass = node.subclass, .state = state};
    return;
  }
  node.state = {};
  const std::span<const Value> parts = state.sequence().span();
  Array& array = node.array;
  array.type = parts[2].type();
  array.shape = shape_of(parts[1]);
  node.order = parts[3].boolean() ? Order::F : Order::C;
  const std::size_t size = checked_size(array.shape, array.type.itemsize());
  array.strides = contiguous_strides(array.shape, array.type.itemsize(), node.order);
  if (array.type.has_objects()) {
    if (parts[4].tag() != Tag::list || parts[4].sequence().size != size)
      refuse("an array of objects has another number of elements than its shape says");
    const Sequence& objects = parts[4].sequence();
    node.objects = {objects.items, objects.size, objects.size};
    return;
  }
  set_elements(document, array, text_of(parts[4], "the elements of an array"));
  if (array.type.fields().empty()) array = to_native(array);  // as numpy does, whoever reads it
}

std::optional<Value> make_array_from_buffer(Document& document, std::span<const Value> arguments) {
  if (arguments.size() != 4 || arguments[1].tag() != Tag::dtype) return {};
  if (arguments[0].tag() != Tag::bytes && arguments[0].tag() != Tag::bytearray) return {};
  ArrayNode* const node = document.make_array();
  Array& array = node->array;
  array.type = arguments[1].type();
  if (array.type.has_objects()) refuse("an array of objects is made of bytes");
  array.shape = shape_of(arguments[2]);
  node->order = text_of(arguments[3], "the order of an array") == "F" ? Order::F : Order::C;
  array.strides = contiguous_strides(array.shape, array.type.itemsize(), node->order);
  set_elements(document, array, arguments[0].text());
  return Value::array(node);
}

std::optional<Value> make_scalar(Document& document, std::span<const Value> arguments) {
  if (arguments.size() != 2 || arguments[0].tag() != Tag::dtype) return {};
  const dtype& type = arguments[0].type();
  if (type.kind() == dtype::Kind::object) return arguments[1];
  if (arguments[1].tag() != Tag::bytes || arguments[1].text().size() != type.itemsize() ||
      type.has_objects())
    return {};
  document.spend(type.itemsize());
  ArrayNode* const node = document.make_array();
  node->scalar = true;
  node->array.type = without_padding(type, arguments[1].text());
  node->array.data = allocate_elements(type.itemsize());
  std::memcpy(node->array.data.get(), arguments[1].text().data(), type.itemsize());
  return Value::array(node);
}

}  // namespace joblib::detail
