// How numpy's objects are written: types and arrays, in the way that numpy and joblib write them.

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "joblib/core/error.hpp"
#include "joblib/pickle/detail/writer.hpp"

namespace joblib::detail {
namespace {

// numpy's letter and size, without the byte order: "f8", "U3" (characters), "V24".
std::string code_of(const dtype& type) {
  const std::string text = type.str();
  const bool has_order = text[0] == '<' || text[0] == '>' || text[0] == '|';
  const std::string code = text.substr(has_order ? 1 : 0);
  return code.substr(0, code.find('['));
}

bool has_text(const dtype& type) {
  if (type.kind() == dtype::Kind::str) return true;
  if (const auto* sub = type.sub_array()) return has_text(sub->element);
  for (const dtype::Field& field : type.fields()) {
    if (has_text(field.type)) return true;
  }
  return false;
}

// numpy's NPY_ flags of a type.
std::int64_t flags_of(const dtype& type) {
  const bool is_structure = !type.fields().empty() || type.is_record();
  if (type.kind() == dtype::Kind::object) return 0x3f;
  if (type.kind() == dtype::Kind::str) return 0x08;
  if (!is_structure) return type.has_objects() ? 0x1b : 0;
  std::int64_t flags = 0x10;
  if (has_text(type)) flags |= 0x08;
  if (type.has_objects()) flags |= 0x1b;
  if (type.is_aligned()) flags |= 0x80;
  return flags == (flags & 0x7f) ? flags : flags - 0x100;  // signed in numpy 1, read by both
}

bool is_time(const dtype& type) {
  return type.kind() == dtype::Kind::datetime || type.kind() == dtype::Kind::timedelta;
}

}  // namespace

void PickleWriter::put_shape(std::span<const std::size_t> shape) {
  begin_tuple(shape.size());
  for (const std::size_t extent : shape) unsigned_integer(extent);
  end_tuple(shape.size());
}

// Types without fields are written once and then referred to, as numpy's own are.
void PickleWriter::type(const dtype& type) {
  const bool is_plain = type.fields().empty() && type.sub_array() == nullptr && !type.is_record();
  if (!is_plain) return put_type(type);
  once("dtype " + type.str(), [&] { put_type(type); });
}

void PickleWriter::put_type(const dtype& type) {
  const std::string text = code_of(type);
  global("numpy", "dtype");
  if (type.is_record()) {
    global("numpy", "record");
  } else {
    str(text);
  }
  boolean(false);
  boolean(true);
  end_tuple(3);
  reduce();

  const std::span<const dtype::Field> fields = type.fields();
  const char order = type.byte_order();
  mark();
  integer(is_time(type) ? 4 : 3);
  str({&order, 1});
  if (const dtype::SubArray* const sub = type.sub_array()) {
    this->type(sub->element);
    put_shape(sub->shape);
    end_tuple(2);
  } else {
    none();
  }
  if (fields.empty()) {
    none();
    none();
  } else {
    begin_tuple(fields.size());
    for (const dtype::Field& field : fields) str(field.name);
    end_tuple(fields.size());
    empty_dict();
    mark();
    const auto put_field = [&](const std::string& key, const dtype::Field& field) {
      str(key);
      this->type(field.type);
      unsigned_integer(field.offset);
      if (!field.title.empty()) str(field.title);
      end_tuple(field.title.empty() ? 2 : 3);
    };
    for (const dtype::Field& field : fields) {
      put_field(field.name, field);
      if (!field.title.empty()) put_field(field.title, field);
    }
    setitems();
  }
  const bool has_size = type.kind() == dtype::Kind::str || type.kind() == dtype::Kind::bytes ||
                        type.kind() == dtype::Kind::raw;
  integer(has_size ? static_cast<std::int64_t>(type.itemsize()) : -1);
  integer(has_size ? static_cast<std::int64_t>(type.alignment()) : -1);
  integer(flags_of(type));
  if (is_time(type)) {
    const dtype::TimeUnit& unit = type.time_unit();
    empty_dict();
    mark();
    bytes(std::as_bytes(std::span(unit.name)));
    integer(unit.count);
    integer(1);
    integer(1);
    end_tuple(4);
    end_tuple(2);
  }
  put(Opcode::tuple);
  build();
}

void PickleWriter::scalar(const Array& element) {
  global("numpy.core.multiarray", "scalar");
  type(element.type);
  bytes({element.data.get(), element.type.itemsize()});
  end_tuple(2);
  reduce();
}

void PickleWriter::array(const Array& array, const Global* subclass) {
  const Order order =
      array.is_contiguous(Order::F) && !array.is_contiguous(Order::C) ? Order::F : Order::C;
  global("joblib.numpy_pickle", "NumpyArrayWrapper");
  end_tuple(0);
  newobj();
  empty_dict();
  mark();
  name("subclass");
  if (subclass == nullptr) {
    global("numpy", "ndarray");
  } else {
    global(subclass->module.text(), subclass->name.text());
  }
  name("shape");
  put_shape(array.shape);
  name("order");
  str(order == Order::C ? "C" : "F");
  name("dtype");
  type(array.type);
  name("allow_mmap");
  boolean(true);
  name("numpy_array_alignment_bytes");
  integer(static_cast<std::int64_t>(options_.alignment));
  setitems();
  build();
  close_frame();
  put_elements(array, order);
}

void PickleWriter::put_elements(const Array& array, Order order) {
  const auto padding =
      static_cast<std::size_t>(options_.alignment - (written_ + 1) % options_.alignment);
  std::array<std::byte, 129> bytes{};
  bytes.fill(std::byte{0xff});
  bytes[0] = static_cast<std::byte>(padding);
  sink_.expect(1 + padding + array.nbytes());
  sink_.write(std::span(bytes).first(1 + padding));
  written_ += 1 + padding;
  if (array.size() == 0) return;
  for_each_piece(array, order, [&](std::span<const std::byte> piece) {
    sink_.write(piece);
    written_ += piece.size();
  });
}

}  // namespace joblib::detail
