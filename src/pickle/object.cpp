#include "joblib/pickle/object.hpp"

#include <ostream>

#include "compare.hpp"
#include "joblib/pickle/detail/save_value.hpp"
#include "joblib/pickle/detail/writer.hpp"

namespace joblib {
namespace {

using detail::Entry;
using detail::Tag;
using detail::Value;

[[noreturn]] void fail(errc code, const std::string& what) { throw Error(code, what); }

// What can be indexed by position and iterated over; nothing for other values.
std::optional<std::span<const Value>> sequence_of(const Value& value) {
  if (const auto items = detail::items_of_list(value)) return items;
  if (const auto items = detail::items_of_set(value)) return items;
  if (value.tag() == Tag::array && value.array().array.type.has_objects())
    return value.array().objects.span();
  if (value.tag() == Tag::instance && value.instance().items.size > 0)
    return value.instance().items.span();
  return {};
}

// Of a dict, or of an instance that holds entries.
std::optional<std::span<const Entry>> mapping_of(const Value& value) {
  if (const auto entries = detail::entries_of(value)) return entries;
  if (value.tag() == Tag::instance && value.instance().entries.size > 0)
    return value.instance().entries.span();
  return {};
}

std::optional<std::span<const Entry>> state_of(const Value& value) {
  if (value.tag() != Tag::instance) return {};
  return detail::attributes_of(value.instance());
}

}  // namespace

template <class Build>
Object Object::build(Build build) {
  auto document = std::make_shared<detail::Document>();
  detail::Machine machine(*document);
  build(machine);
  return {std::move(document), machine.finish()};
}

Object Object::tuple(const std::vector<Object>& items) {
  return build([&](detail::Machine& machine) {
    machine.begin_tuple(items.size());
    for (const Object& item : items) detail::save(machine, item);
    machine.end_tuple(items.size());
  });
}

Object Object::frozenset(const std::vector<Object>& items) {
  return build([&](detail::Machine& machine) {
    machine.frozenset(items.size(), [&](std::size_t i) { detail::save(machine, items[i]); });
  });
}

Object Object::bytearray(std::span<const std::byte> bytes) {
  return build([&](detail::Machine& machine) { machine.bytearray(bytes); });
}

Object Object::dict(const std::vector<std::pair<Object, Object>>& entries) {
  return build([&](detail::Machine& machine) {
    machine.empty_dict();
    for (const auto& [key, value] : entries) {
      detail::save(machine, key);
      detail::save(machine, value);
      machine.setitem();
    }
  });
}

Object Object::global(std::string_view module, std::string_view name) {
  return build([&](detail::Machine& machine) { machine.global(module, name); });
}

Object Object::instance(std::string_view module, std::string_view name, const Object& state) {
  return build([&](detail::Machine& machine) {
    machine.global(module, name);
    machine.end_tuple(0);
    machine.newobj();
    if (state.is_none()) return;
    detail::save(machine, state);
    machine.build();
  });
}

Object Object::call(const Object& callable, const std::vector<Object>& arguments) {
  return build([&](detail::Machine& machine) {
    detail::save(machine, callable);
    detail::save(machine, tuple(arguments));
    machine.reduce();
  });
}

Object::Type Object::type() const noexcept {
  switch (value_.tag()) {
    case Tag::none:
      return Type::none;
    case Tag::boolean:
      return Type::boolean;
    case Tag::integer:
    case Tag::big_integer:
      return Type::integer;
    case Tag::real:
      return Type::real;
    case Tag::complex:
      return Type::complex;
    case Tag::str:
      return Type::str;
    case Tag::bytes:
      return Type::bytes;
    case Tag::bytearray:
      return Type::bytearray;
    case Tag::list:
      return Type::list;
    case Tag::tuple:
      return Type::tuple;
    case Tag::dict:
      return Type::dict;
    case Tag::set:
      return Type::set;
    case Tag::frozenset:
      return Type::frozenset;
    case Tag::global:
      return Type::global;
    case Tag::instance:
      return Type::instance;
    case Tag::array:
      return value_.array().scalar ? Type::scalar : Type::array;
    case Tag::dtype:
      return Type::dtype;
  }
  return Type::none;
}

std::string Object::class_name() const { return detail::class_name(value_); }

std::size_t Object::size() const {
  if (const auto entries = mapping_of(value_)) return entries->size();
  if (const auto items = sequence_of(value_)) return items->size();
  if (value_.tag() == Tag::array && value_.array().array.ndim() > 0)
    return value_.array().array.shape[0];
  fail(errc::type_mismatch, detail::describe(value_) + " has no size");
}

Object Object::operator[](std::ptrdiff_t index) const {
  if (mapping_of(value_)) return (*this)[Object(index)];
  const auto items = sequence_of(value_);
  const detail::ArrayNode* const array = detail::array_of(value_);
  if ((!items && (array == nullptr || array->array.ndim() == 0)) || detail::items_of_set(value_))
    fail(errc::type_mismatch, detail::describe(value_) + " has no items by position");
  const auto size = static_cast<std::ptrdiff_t>(this->size());
  if (index < -size || index >= size) {
    fail(errc::out_of_range, "position " + std::to_string(index) + " is outside of " +
                                 detail::describe(value_) + " of " + std::to_string(size) +
                                 " items");
  }
  const auto position = static_cast<std::size_t>(index < 0 ? index + size : index);
  if (items) return part((*items)[position]);
  auto document = std::make_shared<detail::Document>();
  const Value item = detail::item_of_array(*document, array->array, position);
  return {std::move(document), item};
}

Object Object::operator[](std::string_view key) const {
  if (const detail::ArrayNode* const array = detail::array_of(value_)) {
    auto document = std::make_shared<detail::Document>();
    if (const auto field = detail::field_of_array(*document, array->array, key))
      return {std::move(document), *field};
    fail(errc::out_of_range, "the array has no field '" + std::string(key) + "'");
  }
  const auto entries = mapping_of(value_);
  if (!entries) fail(errc::type_mismatch, detail::describe(value_) + " has no keys");
  if (const Value* const found = document_->find(*entries, key)) return part(*found);
  fail(errc::out_of_range, "there is no key '" + std::string(key) + "'");
}

Object Object::operator[](const Object& key) const {
  const auto entries = mapping_of(value_);
  if (!entries) fail(errc::type_mismatch, detail::describe(value_) + " has no keys");
  if (const Value* const found = document_->find(*entries, key.value_)) return part(*found);
  fail(errc::out_of_range, "there is no key " + key.repr(100));
}

bool Object::contains(std::string_view key) const {
  if (const auto entries = mapping_of(value_)) return document_->find(*entries, key) != nullptr;
  return contains(Object(key));
}

bool Object::contains(const Object& key) const {
  if (const auto entries = mapping_of(value_))
    return document_->find(*entries, key.value_) != nullptr;
  const auto items = sequence_of(value_);
  if (!items) fail(errc::type_mismatch, detail::describe(value_) + " holds no items");
  return std::ranges::any_of(*items,
                             [&](const Value& item) { return detail::equal(item, key.value_); });
}

Object Object::attr(std::string_view name) const {
  if (const auto attributes = state_of(value_)) {
    if (const Value* const found = detail::find(*attributes, name)) return part(*found);
  }
  fail(errc::out_of_range, class_name() + " has no attribute '" + std::string(name) + "'");
}

bool Object::has_attr(std::string_view name) const {
  const auto attributes = state_of(value_);
  return attributes && detail::find(*attributes, name) != nullptr;
}

Object::Iterator Object::begin() const {
  if (const auto entries = mapping_of(value_)) {
    return {document_, entries->empty() ? nullptr : &entries->front().key, 2};
  }
  if (const auto items = sequence_of(value_)) return {document_, items->data(), 1};
  fail(errc::type_mismatch, detail::describe(value_) + " can't be iterated over");
}

Object::Iterator Object::end() const {
  static_assert(sizeof(Entry) == 2 * sizeof(Value));
  Iterator end = begin();
  if (end.value_ != nullptr) end.value_ += static_cast<std::ptrdiff_t>(size()) * end.stride_;
  return end;
}

std::vector<std::pair<Object, Object>> Object::items() const {
  const auto entries = mapping_of(value_);
  if (!entries) fail(errc::type_mismatch, detail::describe(value_) + " has no keys");
  std::vector<std::pair<Object, Object>> items;
  items.reserve(entries->size());
  for (const Entry& entry : *entries) items.emplace_back(part(entry.key), part(entry.value));
  return items;
}

joblib::dtype Object::dtype() const {
  if (value_.tag() == Tag::dtype) return value_.type();
  if (value_.tag() != Tag::array) fail(errc::type_mismatch, class_name() + " has no dtype");
  return value_.array().array.type;
}

std::vector<std::size_t> Object::shape() const {
  if (value_.tag() != Tag::array) fail(errc::type_mismatch, class_name() + " has no shape");
  return value_.array().array.shape;
}

bytes Object::tobytes() const {
  const detail::ArrayNode* const array = detail::array_of(value_);
  if (array == nullptr) {
    fail(errc::type_mismatch, detail::describe(value_) + " has no elements that are bytes");
  }
  bytes elements;
  detail::for_each_piece(array->array, Order::C, [&](std::span<const std::byte> piece) {
    elements.insert(elements.end(), piece.begin(), piece.end());
  });
  return elements;
}

Object Object::callable() const {
  if (value_.tag() != Tag::instance) fail(errc::type_mismatch, class_name() + " is no instance");
  return part(value_.instance().callable);
}

Object Object::arguments() const {
  if (value_.tag() != Tag::instance) fail(errc::type_mismatch, class_name() + " is no instance");
  return part(value_.instance().arguments);
}

Object Object::state() const {
  if (value_.tag() == Tag::instance) return part(value_.instance().state);
  if (value_.tag() == Tag::array) return part(value_.array().state);
  return {};
}

std::string Object::repr(std::size_t most) const { return detail::represent(value_, most); }

bool operator==(const Object& left, const Object& right) {
  return detail::equal(left.value_, right.value_);
}

std::ostream& operator<<(std::ostream& stream, const Object& object) {
  return stream << object.repr();
}

namespace detail {

void extract_object(Extraction& extraction, const Value& value, Object& target) {
  // An Object outlives the file: what has been left in it is read now.
  if (extraction.file >= 0) {
    for (ArrayNode& node : extraction.document->arrays()) {
      if (!node.in_file) continue;
      node.array = elements_of(extraction, node);
      node.in_file = false;
    }
    extraction.file = -1;
  }
  target = {extraction.made != nullptr ? extraction.made : extraction.document, value};
}

template void save_object(PickleWriter& sink, const Object& object);

void save_object(Machine& sink, const Object& object) {
  if (object.document_ != nullptr) sink.document().keep(object.document_);
  sink.push(object.value_);
}

}  // namespace detail
}  // namespace joblib
