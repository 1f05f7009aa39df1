#include "joblib/pickle/detail/extraction.hpp"

#include <ranges>
#include <string>

#include "float_text.hpp"

namespace joblib::detail {

void throw_mismatch(std::string_view expected, const Value& found) {
  throw Mismatch(errc::type_mismatch,
                 "expected " + std::string(expected) + ", found " + describe(found));
}

void throw_missing(std::string_view key) {
  throw Mismatch(errc::type_mismatch, "there is no '" + std::string(key) + "'");
}

void throw_size(std::string_view expected, std::size_t expected_size, std::size_t size) {
  throw Mismatch(errc::type_mismatch, "expected " + std::string(expected) + " of " +
                                          std::to_string(expected_size) + " items, found " +
                                          std::to_string(size));
}

void Extraction::throw_budget() {
  throw Error(errc::corrupt_data,
              "the value shares parts of itself so often that it would become too large in C++: "
              "load it as joblib::Object");
}

void Nesting::throw_too_deep() {
  throw Error(errc::corrupt_data, "the value holds itself, or is nested deeper than " +
                                      std::to_string(most_nested) +
                                      " levels: load it as joblib::Object");
}

namespace {

std::string in_brackets(const std::string& text) { return '[' + text + ']'; }

}  // namespace

std::string step(const Value& key) {
  switch (key.tag()) {
    case Tag::str:
      return step(key.text());
    case Tag::integer:
      return in_brackets(std::to_string(key.integer()));
    case Tag::real:
      return in_brackets(format_real(key.real()));
    default:
      return in_brackets("a key that is " + describe(key));
  }
}

std::string step(std::size_t index) { return in_brackets(std::to_string(index)); }

std::string step(std::string_view key) { return "['" + std::string(key) + "']"; }

std::optional<std::span<const Value>> items_of_list(const Value& value) {
  switch (value.tag()) {
    case Tag::list:
    case Tag::tuple:
      return value.sequence().span();
    case Tag::array: {
      const ArrayNode& node = value.array();
      if (node.array.ndim() == 1 && node.array.type.kind() == dtype::Kind::object &&
          node.state.is_none())
        return node.objects.span();
      return {};
    }
    case Tag::instance:
      if (is_class(value, "collections", "deque")) return value.instance().items.span();
      return {};
    default:
      return {};
  }
}

std::optional<std::span<const Value>> items_of_set(const Value& value) {
  if (value.tag() != Tag::set && value.tag() != Tag::frozenset) return {};
  return value.sequence().span();
}

std::optional<std::span<const Entry>> entries_of(const Value& value) {
  if (value.tag() == Tag::dict) return value.dict().span();
  if (value.tag() != Tag::instance) return {};
  const Instance& instance = value.instance();
  if (is_class(value, "collections", "OrderedDict") ||
      is_class(value, "collections", "defaultdict"))
    return instance.entries.span();
  if (is_class(value, "collections", "Counter")) {
    const std::span<const Value> arguments = instance.arguments.sequence().span();
    if (arguments.empty()) return instance.entries.span();
    if (arguments[0].tag() == Tag::dict) return arguments[0].dict().span();
  }
  return {};
}

std::optional<std::span<const Entry>> members_of(const Value& value) {
  if (const auto entries = entries_of(value)) return entries;
  if (value.tag() != Tag::instance) return {};
  return attributes_of(value.instance());
}

std::optional<std::span<const Entry>> attributes_of(const Instance& instance) {
  if (!instance.has_state) return std::span<const Entry>();
  if (instance.state.tag() == Tag::dict) return instance.state.dict().span();
  // With __slots__: (the dict or None, the slots).
  if (instance.state.tag() == Tag::tuple && instance.state.sequence().size == 2) {
    const std::span<const Value> parts = instance.state.sequence().span();
    if (parts[0].is_none() && parts[1].tag() == Tag::dict) return parts[1].dict().span();
  }
  return {};
}

const Value* find(std::span<const Entry> entries, std::string_view key) {
  for (const Entry& entry : std::views::reverse(entries)) {
    if (entry.key.tag() == Tag::str && entry.key.text() == key) return &entry.value;
  }
  return nullptr;
}

const Global* class_of(const Instance& instance) {
  if (instance.callable.tag() != Tag::global) return nullptr;
  const Global& callable = instance.callable.global();
  if (callable.known != Known::object_reconstructor) return &callable;
  const std::span<const Value> arguments = instance.arguments.sequence().span();
  if (arguments.empty() || arguments[0].tag() != Tag::global) return nullptr;
  return &arguments[0].global();
}

bool is_class(const Value& instance, std::string_view module, std::string_view name) {
  const Global* const its_class = class_of(instance.instance());
  return its_class != nullptr && its_class->module.text() == module &&
         its_class->name.text() == name;
}

std::optional<std::string> fields_without_fold(const Value& instance) {
  const bool is_datetime = is_class(instance, "datetime", "datetime");
  if (!is_datetime && !is_class(instance, "datetime", "time")) return {};
  const Sequence& arguments = instance.instance().arguments.sequence();
  const std::size_t size = is_datetime ? 10 : 6, place = is_datetime ? 2 : 0;
  if (arguments.size == 0 || arguments.items[0].tag() != Tag::bytes ||
      arguments.items[0].text().size() != size)
    return {};
  std::string fields(arguments.items[0].text());
  fields[place] = static_cast<char>(fields[place] & 0x7f);
  return fields;
}

const void* python_singleton(const Value& value) {
  static constexpr char utc = 0, booleans[2] = {};
  if (value.tag() == Tag::array) {
    const ArrayNode& node = value.array();
    if (!node.scalar || node.array.type.kind() != dtype::Kind::boolean) return nullptr;
    return &booleans[to_bool(value).value_or(false) ? 1 : 0];
  }
  if (value.tag() != Tag::instance || !is_class(value, "datetime", "timezone")) return nullptr;
  const Sequence& arguments = value.instance().arguments.sequence();
  const bool is_utc = arguments.size == 1 && to_duration(arguments.items[0]) == 0;
  return is_utc ? &utc : nullptr;
}

}  // namespace joblib::detail
