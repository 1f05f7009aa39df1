#include "joblib/numpy/dtype.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "dtype_data.hpp"
#include "joblib/core/error.hpp"

namespace joblib {

namespace {

// Bounds the work on a type from a file whose parts share parts of their own.
constexpr std::size_t max_parts = 65536;
constexpr std::size_t max_depth = 64;

constexpr char native_order = std::endian::native == std::endian::little ? '<' : '>';

[[noreturn]] void refuse(const std::string& what) { throw Error(errc::invalid_argument, what); }

// Where long double and pointers are aligned as on Linux for x86-64 and AArch64.
std::size_t natural_alignment(dtype::Kind kind, std::size_t itemsize) {
  using enum dtype::Kind;
  switch (kind) {
    case complex:
      return itemsize / 2;
    case str:
      return 4;
    case bytes:
    case raw:
      return 1;
    default:
      return itemsize;
  }
}

// By kind, and by size from the smallest one on.
constexpr std::size_t number_index(dtype::Kind kind, std::size_t itemsize) {
  using enum dtype::Kind;
  const auto power = static_cast<std::size_t>(std::countr_zero(itemsize));
  switch (kind) {
    case boolean:
      return 0;
    case signed_integer:
      return 1 + power;
    case unsigned_integer:
      return 5 + power;
    case floating:
      return 9 + power - 1;
    default:  // complex
      return 13 + power - 3;
  }
}

}  // namespace

dtype::dtype() : dtype(number(Kind::floating, 8)) {}

dtype::dtype(std::string_view text) : dtype(parse(text)) {}

dtype::dtype(Data data) : data_(std::make_shared<const Data>(std::move(data))) {}

dtype::Data dtype::scalar(Kind kind, std::size_t itemsize, char order) {
  using enum Kind;
  const bool ordered =
      kind == str || (kind != bytes && kind != raw && kind != object && itemsize > 1);
  Data data;
  data.kind = kind;
  data.itemsize = itemsize;
  data.alignment = natural_alignment(kind, itemsize);
  data.order = ordered ? order : '|';
  data.native = !ordered || order == native_order;
  data.objects = kind == object;
  return data;
}

const dtype& dtype::number(Kind kind, std::size_t itemsize) {
  using enum Kind;
  const auto make = [](Kind k, std::size_t size) { return dtype(scalar(k, size, native_order)); };
  static const auto& types = *new std::array{
      // outlives the statics that use it
      make(boolean, 1),          make(signed_integer, 1),   make(signed_integer, 2),
      make(signed_integer, 4),   make(signed_integer, 8),   make(unsigned_integer, 1),
      make(unsigned_integer, 2), make(unsigned_integer, 4), make(unsigned_integer, 8),
      make(floating, 2),         make(floating, 4),         make(floating, 8),
      make(floating, 16),        make(complex, 8),          make(complex, 16),
      make(complex, 32),
  };
  return types[number_index(kind, itemsize)];
}

namespace {

[[maybe_unused]] const auto& numbers_made_at_load = dtype::of<double>();

}  // namespace

dtype dtype::structure(std::vector<Field> fields, std::size_t itemsize, std::size_t alignment,
                       bool aligned) {
  if (itemsize > detail::max_itemsize) refuse("A structure of more than 2 GiB is no dtype.");
  if (!std::has_single_bit(alignment)) refuse("The alignment of a dtype is a power of two.");
  Data data;
  data.itemsize = itemsize;
  data.alignment = alignment;
  data.aligned = aligned;
  std::vector<std::string_view> names;
  for (const auto& [name, type, offset, title] : fields) {
    if (type.itemsize() > itemsize || offset > itemsize - type.itemsize()) {
      refuse("The field '" + name + "' of a dtype lies outside of its " + std::to_string(itemsize) +
             " bytes.");
    }
    names.push_back(name);
    if (!title.empty() && title != name) names.push_back(title);
    data.native &= type.is_native();
    data.objects |= type.has_objects();
    data.parts += type.data_->parts;
    data.depth = std::max(data.depth, type.data_->depth + 1);
    if (data.parts > max_parts) refuse("A dtype has more than 65536 parts.");
  }
  if (data.depth > max_depth) refuse("A dtype is nested more than 64 levels deep.");
  std::ranges::sort(names);
  if (const auto same = std::ranges::adjacent_find(names); same != names.end()) {
    refuse("The field name '" + std::string(*same) + "' of a dtype occurs more than once.");
  }
  data.fields = std::move(fields);
  return dtype(std::move(data));
}

dtype dtype::sub_array(dtype element, std::vector<std::size_t> shape) {
  if (shape.empty()) return element;
  Data data = *element.data_;
  data = {.itemsize = data.itemsize,
          .alignment = data.alignment,
          .native = data.native,
          .objects = data.objects,
          .parts = data.parts + 1,
          .depth = data.depth + 1};
  for (const std::size_t length : shape) {
    if (length > detail::max_itemsize ||
        (data.itemsize != 0 && length > detail::max_itemsize / data.itemsize)) {
      refuse("A sub-array of more than 2 GiB is no dtype.");
    }
    data.itemsize *= length;
  }
  if (data.depth > max_depth) refuse("A dtype is nested more than 64 levels deep.");
  data.sub = {std::move(element), std::move(shape)};
  return dtype(std::move(data));
}

dtype::Kind dtype::kind() const noexcept { return data_->kind; }
std::size_t dtype::itemsize() const noexcept { return data_->itemsize; }
std::size_t dtype::alignment() const noexcept { return data_->alignment; }
char dtype::byte_order() const noexcept { return data_->order; }
bool dtype::is_native() const noexcept { return data_->native; }
bool dtype::has_objects() const noexcept { return data_->objects; }
bool dtype::is_aligned() const noexcept { return data_->aligned; }
bool dtype::is_record() const noexcept { return data_->record; }

std::span<const dtype::Field> dtype::fields() const noexcept {
  const auto& fields = data_->fields;
  return fields ? std::span<const Field>(*fields) : std::span<const Field>();
}

const dtype::SubArray* dtype::sub_array() const noexcept {
  const auto& sub = data_->sub;
  return sub ? &*sub : nullptr;
}

const dtype::TimeUnit& dtype::time_unit() const noexcept { return data_->unit; }

dtype dtype::reordered(bool only_foreign) const {
  if (only_foreign && is_native()) return *this;
  Data data = *data_;
  data.native = true;
  if (data.order != '|') {
    data.order = data.order == '<' ? '>' : '<';
    data.native = data.order == native_order;
  }
  if (data.fields) {
    for (Field& field : *data.fields) {
      field.type = field.type.reordered(only_foreign);
      data.native &= field.type.is_native();
    }
  }
  if (data.sub) {
    data.sub->element = data.sub->element.reordered(only_foreign);
    data.native = data.sub->element.is_native();
  }
  return dtype(std::move(data));
}

dtype dtype::byte_swapped() const { return reordered(false); }
dtype dtype::native() const { return reordered(true); }

dtype dtype::as_record(bool record) const {
  Data data = *data_;
  data.record = record;
  return dtype(std::move(data));
}

bool operator==(const dtype& left, const dtype& right) {
  const auto& a = *left.data_;
  const auto& b = *right.data_;
  return &a == &b || (a.kind == b.kind && a.itemsize == b.itemsize && a.order == b.order &&
                      a.unit == b.unit && a.fields == b.fields && a.sub == b.sub);
}

namespace detail {

std::size_t TypeIdentity::operator()(const dtype& type) const noexcept {
  const auto [kind, itemsize] = std::pair(type.kind(), type.itemsize());
  if (kind == dtype::Kind::object || (type.is_native() && is_number(kind)))
    return static_cast<std::size_t>(kind) << 8 | itemsize;
  return std::hash<const void*>()(type.data_.get());
}

bool TypeIdentity::operator()(const dtype& left, const dtype& right) const noexcept {
  return (*this)(left) == (*this)(right);
}

}  // namespace detail
}  // namespace joblib
