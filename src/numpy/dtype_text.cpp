#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "dtype_data.hpp"
#include "joblib/core/detail/utf8.hpp"
#include "joblib/numpy/array.hpp"
#include "joblib/numpy/dtype.hpp"

// Texts are those of numpy/core/_dtype.py of numpy 1.24.

namespace joblib {

namespace {

using enum dtype::Kind;

std::string quoted(std::string_view text) {
  std::string result;
  detail::append_quoted(result, text);
  return result;
}

// "a, b, c" of text_of(part) for each part.
template <class Parts, class TextOf>
std::string joined(const Parts& parts, TextOf text_of) {
  std::string result;
  for (const auto& part : parts) {
    if (!result.empty()) result += ", ";
    result += text_of(part);
  }
  return result;
}

std::string bracketed(const dtype::TimeUnit& unit) {
  if (unit.name == "generic") return {};
  return "[" + (unit.count == 1 ? "" : std::to_string(unit.count)) + unit.name + "]";
}

// Whether fields follow each other without gaps but those of alignment, so that a list of them says
// all.
bool is_packed(const dtype& type) {
  const auto aligned = [&](std::size_t offset, std::size_t alignment) {
    return type.is_aligned() ? (offset + alignment - 1) / alignment * alignment : offset;
  };
  std::size_t end = 0;
  std::size_t alignment = 1;
  for (const auto& field : type.fields()) {
    end = aligned(end, field.type.alignment());
    if (field.offset != end) return false;
    end += field.type.itemsize();
    alignment = std::max(alignment, field.type.alignment());
  }
  return aligned(end, alignment) == type.itemsize();
}

std::string title_of(const dtype::Field& field) {
  return field.title.empty() ? "None" : quoted(field.title);
}

}  // namespace

std::string detail::tuple_text(std::span<const std::size_t> shape) {
  const auto number = [](std::size_t length) { return std::to_string(length); };
  return "(" + joined(shape, number) + (shape.size() == 1 ? ",)" : ")");
}

std::string dtype::str() const {
  std::string start = {byte_order(), static_cast<char>(kind())};
  if (kind() == Kind::object) return start;
  return start + std::to_string(kind() == Kind::str ? itemsize() / 4 : itemsize()) +
         bracketed(data_->unit);
}

std::string dtype::name() const {
  const auto with_bits = [&](const char* stem) {
    return itemsize() == 0 ? stem : stem + std::to_string(itemsize() * 8);
  };
  switch (kind()) {
    case boolean:
      return "bool";
    case signed_integer:
      return with_bits("int");
    case unsigned_integer:
      return with_bits("uint");
    case floating:
      return with_bits("float");
    case complex:
      return with_bits("complex");
    case timedelta:
      return "timedelta64" + bracketed(data_->unit);
    case datetime:
      return "datetime64" + bracketed(data_->unit);
    case object:
      return "object";
    case bytes:
      return with_bits("bytes");
    case Kind::str:
      return with_bits("str");
    case raw:
      break;
  }
  return with_bits(is_record() ? "record" : "void");
}

std::string dtype::construction(bool brief) const {
  const auto brief_of = [](const Field& field) { return field.type.construction(true); };
  if (const auto* sub = sub_array()) {
    return "(" + sub->element.construction(true) + ", " + detail::tuple_text(sub->shape) + ")";
  }
  if (!data_->fields) {
    if (detail::is_number(kind()) && !brief && is_native()) return "'" + name() + "'";
    if (kind() == boolean) return "'?'";
    std::string text = str();
    if (text.front() == '|') text.erase(0, 1);
    if (text.ends_with('0') && itemsize() == 0) text.pop_back();
    return "'" + text + "'";
  }
  std::string text;
  if (is_packed(*this)) {
    text =
        "[" +
        joined(
            fields(),
            [&](const Field& field) {
              const std::string name = quoted(field.name);
              const auto* sub = field.type.sub_array();
              return "(" +
                     (field.title.empty() ? name : "(" + quoted(field.title) + ", " + name + ")") +
                     ", " +
                     (sub ? sub->element.construction(true) + ", " + detail::tuple_text(sub->shape)
                          : brief_of(field)) +
                     ")";
            }) +
        "]";
  } else {
    const auto name_of = [](const Field& field) { return quoted(field.name); };
    const auto offset_of = [](const Field& field) { return std::to_string(field.offset); };
    text = "{'names': [" + joined(fields(), name_of) + "], 'formats': [" +
           joined(fields(), brief_of) + "], 'offsets': [" + joined(fields(), offset_of) + "], ";
    if (!std::ranges::all_of(fields(), &std::string::empty, &Field::title)) {
      text += "'titles': [" + joined(fields(), title_of) + "], ";
    }
    text += "'itemsize': " + std::to_string(itemsize()) + "}";
  }
  return is_record() ? "(numpy.record, " + text + ")" : text;
}

std::string dtype::repr() const {
  return "dtype(" + construction(false) + (is_aligned() ? ", align=True)" : ")");
}

}  // namespace joblib
