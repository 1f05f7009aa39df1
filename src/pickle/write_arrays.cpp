// How numpy's objects are written: types and arrays, in the way that numpy and joblib write them.

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "joblib/core/error.hpp"
#include "joblib/pickle/detail/writer.hpp"

namespace joblib::detail {
namespace {

// numpy's letter and size, without the byte order: "f8", "U3" (characters), "V24".
std::string code_of(const dtype& type) {
  if (type.kind() == dtype::Kind::object) return "O8";
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
std::int64_t flags_of(const dtype& type, int numpy_version) {
  const bool is_structure = !type.fields().empty() || type.is_record();
  if (type.kind() == dtype::Kind::object) return 0x3f;
  if (type.kind() == dtype::Kind::str) return 0x08;
  if (!is_structure) return type.has_objects() ? 0x1b : 0;
  std::int64_t flags = 0x10;
  if (has_text(type)) flags |= 0x08;
  if (type.has_objects()) flags |= 0x1b;
  if (type.is_aligned()) flags |= 0x80;
  return numpy_version == 1 && flags > 0x7f ? flags - 0x100 : flags;  // a signed byte in numpy 1
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

// A type is written once and then referred to.
void PickleWriter::type(const dtype& type) {
  if (const auto found = types_.find(type); found != types_.end()) return get(found->second);
  global("numpy", "dtype");
  if (type.is_record()) {
    global("numpy", "record");
  } else {
    str(code_of(type));
  }
  boolean(false);
  boolean(true);
  end_tuple(3);
  reduce();
  types_.emplace(type, memoize());

  const char order = type.byte_order();
  mark();
  integer(is_time(type) ? 4 : 3);
  name({&order, 1});
  if (const dtype::SubArray* const sub = type.sub_array()) {
    this->type(sub->element);
    put_shape(sub->shape);
    end_tuple(2);
  } else {
    none();
  }
  put_fields(type.fields());
  const bool has_size = type.kind() == dtype::Kind::str || type.kind() == dtype::Kind::bytes ||
                        type.kind() == dtype::Kind::raw;
  integer(has_size ? static_cast<std::int64_t>(type.itemsize()) : -1);
  integer(has_size ? static_cast<std::int64_t>(type.alignment()) : -1);
  integer(flags_of(type, options_.numpy_version));
  if (is_time(type)) put_time_unit(type.time_unit());
  put_object(Opcode::tuple);
  build();
}

// The names, and a dict of types and offsets, in which titles are keys, too.
void PickleWriter::put_fields(std::span<const dtype::Field> fields) {
  if (fields.empty()) {
    none();
    return none();
  }
  begin_tuple(fields.size());
  for (const dtype::Field& field : fields) name(field.name);
  end_tuple(fields.size());

  std::vector<const dtype::Field*> entries;
  for (const dtype::Field& field : fields)
    entries.insert(entries.end(), field.title.empty() ? 1 : 2, &field);
  empty_dict();
  std::size_t tuple = 0;
  save_entries(*this, entries.size(), [&](std::size_t i) {
    const dtype::Field& field = *entries[i];
    if (i > 0 && entries[i - 1] == &field) {
      name(field.title);
      return get(tuple);
    }
    name(field.name);
    type(field.type);
    unsigned_integer(field.offset);
    if (field.title.empty()) return end_tuple(2);
    name(field.title);
    end_tuple(3);
    tuple = memoize();
  });
}

void PickleWriter::put_time_unit(const dtype::TimeUnit& unit) {
  empty_dict();
  mark();
  const auto put_name = [&] { bytes(std::as_bytes(std::span(unit.name))); };
  if (unit.name.size() == 1) {  // Python has one object for each byte
    once("b " + unit.name, put_name);
  } else {
    put_name();
  }
  integer(unit.count);
  integer(1);
  integer(1);
  end_tuple(4);
  end_tuple(2);
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
  const auto place = options_.files == nullptr ? std::nullopt : options_.files->put(array, order);
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
  if (place) {
    name("file");
    unsigned_integer(place->file);
    name("offset");
    unsigned_integer(place->offset);
    name("mmap_mode");
    str(name_of(place->mode));
  }
  setitems();
  build();
  if (place) return;
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
