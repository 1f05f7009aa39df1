// Arrays as C++ has them.

#include <cerrno>
#include <cstring>
#include <string>

#include <unistd.h>

#include "exact_conversion.hpp"
#include "joblib/io/mapped_file.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "text.hpp"

namespace joblib::detail {
namespace {

void read_at(int file, std::uint64_t offset, std::span<std::byte> target) {
  while (!target.empty()) {
    const ssize_t got = pread(file, target.data(), std::min<std::size_t>(target.size(), 1 << 30),
                              static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw Error(errc::io_error,
                  "reading an array from a file: " + std::string(std::strerror(errno)));
    }
    if (got == 0) throw Error(errc::corrupt_data, "the file became shorter while it was read");
    offset += static_cast<std::uint64_t>(got);
    target = target.subspan(static_cast<std::size_t>(got));
  }
}

[[noreturn]] void throw_inexact(const dtype& from, const dtype& to) {
  throw Mismatch(errc::type_mismatch, "expected an array of " + to.name() + ", found one of " +
                                          from.name() +
                                          ", which can't be converted without a loss");
}

std::string utf8_of_element(const Array& element) {
  const Array native = to_native(element);
  return utf8_of_characters({native.data.get(), native.type.itemsize()});
}

// In memory that came from another process, for this array alone or for all to change.
bool is_own_map(const Array& array) { return array.file != nullptr && array.file->is_writable(); }

bool lies_as(const ArrayNode& node, Order order) {
  return node.in_file ? node.order == order || node.array.ndim() < 2
                      : node.array.is_contiguous(order);
}

}  // namespace

const ArrayNode* array_of(const Value& value) {
  if (value.tag() != Tag::array) return nullptr;
  const ArrayNode& node = value.array();
  return node.state.is_none() && !node.array.type.has_objects() ? &node : nullptr;
}

Array elements_of(const Extraction& extraction, const ArrayNode& node) {
  if (!node.in_file) return to_native(node.array);
  Array array = node.array;
  array.data = allocate_elements(array.nbytes());
  read_at(extraction.file, node.offset, {array.data.get(), array.nbytes()});
  return to_native(array);
}

void copy_elements(const Extraction& extraction, const ArrayNode& node, const dtype& type,
                   Order order, std::byte* target) {
  const Array& array = node.array;
  ask_for_huge_pages(target, array.size() * type.itemsize());
  if (array.type == type && type.kind() != dtype::Kind::boolean && lies_as(node, order)) {
    if (node.in_file) return read_at(extraction.file, node.offset, {target, array.nbytes()});
    if (array.nbytes() > 0) std::memcpy(target, array.data.get(), array.nbytes());
    return;
  }
  if (!convert_exactly(elements_of(extraction, node), type, order, target))
    throw_inexact(array.type, type);
}

Value item_of_array(Document& document, const Array& array, std::size_t index) {
  Array item{.type = array.type,
             .shape = {array.shape.begin() + 1, array.shape.end()},
             .strides = {array.strides.begin() + 1, array.strides.end()},
             .writable = array.writable,
             .file = array.file};
  std::byte* const first =
      array.data.get() + static_cast<std::ptrdiff_t>(index) * array.strides.front();
  item.data = std::shared_ptr<std::byte>(array.data, first);
  if (item.ndim() == 0) {
    const auto* const characters = reinterpret_cast<const char*>(first);
    if (item.type.kind() == dtype::Kind::bytes) {
      std::size_t size = item.type.itemsize();
      while (size > 0 && characters[size - 1] == '\0') --size;  // numpy pads with them
      return document.text(Tag::bytes, {characters, size});
    }
    if (item.type.kind() == dtype::Kind::str) return document.text(Tag::str, utf8_of_element(item));
  }
  ArrayNode* const node = document.make_array();
  node->scalar = item.ndim() == 0;
  node->array = std::move(item);
  return Value::array(node);
}

std::optional<Value> field_of_array(Document& document, const Array& array, std::string_view name) {
  for (const dtype::Field& field : array.type.fields()) {
    if (field.name != name && (field.title.empty() || field.title != name)) continue;
    ArrayNode* const node = document.make_array();
    node->array = array;
    node->array.type = field.type;
    node->array.data = std::shared_ptr<std::byte>(array.data, array.data.get() + field.offset);
    if (const dtype::SubArray* const sub = field.type.sub_array()) {
      const auto strides = contiguous_strides(sub->shape, sub->element.itemsize(), Order::C);
      node->array.type = dtype(sub->element);
      node->array.shape.insert(node->array.shape.end(), sub->shape.begin(), sub->shape.end());
      node->array.strides.insert(node->array.strides.end(), strides.begin(), strides.end());
    }
    return Value::array(node);
  }
  return {};
}

std::optional<std::span<const Value>> items_of_list(Extraction& extraction, const Value& value) {
  if (const auto items = items_of_list(value)) return items;
  const ArrayNode* const node = array_of(value);
  if (node == nullptr || node->array.ndim() == 0) return {};
  const Array array = elements_of(extraction, *node);
  const std::size_t count = array.shape.front();
  extraction.spend(count);
  if (extraction.made == nullptr) {
    extraction.made = std::make_shared<Document>();
    extraction.made->keep(extraction.document);
    extraction.made->limit(extraction.document->budget());
  }
  Document& made = *extraction.made;
  auto* const items = static_cast<Value*>(made.arena().allocate(count * sizeof(Value)));
  for (std::size_t i = 0; i < count; ++i) items[i] = item_of_array(made, array, i);
  return std::span<const Value>(items, count);
}

Array converted(const Extraction& extraction, const ArrayNode& node, const dtype& type,
                bool shared) {
  const Array& array = node.array;
  if (array.type == type && type.kind() != dtype::Kind::boolean) {
    // joblib until 1.1 wrote arrays at any place of a file: mapped, they must be copied.
    const auto place = reinterpret_cast<std::uintptr_t>(array.data.get());
    const bool aligned = place % type.alignment() == 0;
    if (node.in_file || (aligned && (shared || array.is_mapped() || is_own_map(array))))
      return elements_of(extraction, node);
    return copy(array, lies_as(node, Order::F) && !lies_as(node, Order::C) ? Order::F : Order::C);
  }
  const Order order = lies_as(node, Order::C)   ? Order::C
                      : lies_as(node, Order::F) ? Order::F
                                                : Order::C;
  Array result{.type = type, .shape = array.shape};
  result.strides = contiguous_strides(result.shape, type.itemsize(), order);
  result.data = allocate_elements(result.nbytes());
  if (!convert_exactly(elements_of(extraction, node), type, order, result.data.get()))
    throw_inexact(array.type, type);
  return result;
}

}  // namespace joblib::detail
