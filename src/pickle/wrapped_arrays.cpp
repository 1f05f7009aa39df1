#include "wrapped_arrays.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"
#include "numpy_objects.hpp"

namespace joblib::detail {
namespace {

const Value& required(BufferedInput& input, const Dict& state, std::string_view key, Tag tag) {
  const Value* const value = find(state, key);
  if (value == nullptr || value->tag() != tag)
    input.fail("an array's wrapper has no proper '" + std::string(key) + "'");
  return *value;
}

// Smaller ones are read at once: asking the system for them later costs more.
constexpr std::size_t smallest_left_array = 1 << 16;

// numpy.matrix and other subclasses; a memmap is an array like any other.
const Global* subclass_of(const Dict& state) {
  const Value* const subclass = find(state, "subclass");
  if (subclass == nullptr || subclass->tag() != Tag::global) return nullptr;
  const Global& global = subclass->global();
  const std::string_view name = global.name.text();
  const bool is_plain = name == "ndarray" || name == "memmap";
  return is_plain && global.module.text().starts_with("numpy") ? nullptr : &global;
}

Array received_array(BufferedInput& input, const Dict& state, ReceivedFiles& files,
                     const dtype& type, const std::vector<std::size_t>& shape, Order order) {
  const auto number = [&](std::string_view key) {
    return static_cast<std::uint64_t>(required(input, state, key, Tag::integer).integer());
  };
  const std::string_view mode_name = required(input, state, "mmap_mode", Tag::str).text();
  const auto mode = mmap_mode_of(mode_name);
  if (!mode) input.fail("an array has the unknown mmap_mode '" + std::string(mode_name) + "'");
  return map_array(files.map(number("file"), *mode), type, shape, order, number("offset"));
}

// Of files of joblib until 1.1.
void warn_of_alignment(const BufferedInput& input) {
  log(LogLevel::warning,
      "The memmapped array loaded from the file " + input.name() +
          " is not byte aligned. This may cause segmentation faults if this memmapped array is "
          "used in some libraries like BLAS or PyTorch. To get rid of this warning, regenerate "
          "your pickle file with joblib >= 1.2.0.");
}

// The elements of an array of objects are in a pickle of their own.
Value read_object_array(BufferedInput& input, Document& document, ReadOptions options) {
  options.nested = true;
  const Value value = Reader(input, document, std::move(options)).read();
  if (value.tag() != Tag::array) input.fail("the pickle of an array's objects holds no array");
  return value;
}

}  // namespace

const Value* find(const Dict& dict, std::string_view key) {
  const Value* found = nullptr;
  for (const Entry& entry : dict.span()) {
    if (entry.key.tag() == Tag::str && entry.key.text() == key) found = &entry.value;
  }
  return found;
}

std::vector<std::byte> read_in_steps(BufferedInput& input, std::uint64_t size) {
  std::vector<std::byte> bytes;
  std::size_t step = 4 * BufferedInput::buffer_size;
  while (bytes.size() < size) {
    const std::size_t done = bytes.size();
    bytes.resize(done + static_cast<std::size_t>(std::min<std::uint64_t>(step, size - done)));
    input.read(std::span(bytes).subspan(done));
    step = bytes.size();
  }
  return bytes;
}

Value read_wrapped_array(BufferedInput& input, Document& document, const Dict& state,
                         const ReadOptions& options) {
  const dtype& type = required(input, state, "dtype", Tag::dtype).type();
  if (type.has_objects()) return read_object_array(input, document, options);
  const std::string_view order = required(input, state, "order", Tag::str).text();
  if (order != "C" && order != "F") input.fail("an array's order is neither 'C' nor 'F'");

  ArrayNode* const node = document.make_array();
  Array& array = node->array;
  array.type = type;
  array.shape = shape_of(required(input, state, "shape", Tag::tuple));
  node->order = order == "F" ? Order::F : Order::C;
  node->subclass = subclass_of(state);
  const std::size_t bytes = checked_size(array.shape, type.itemsize()) * type.itemsize();
  array.strides = contiguous_strides(array.shape, type.itemsize(), node->order);

  if (find(state, "file") != nullptr) {
    if (options.files == nullptr) input.fail("an array refers to a file that has not come with it");
    array = received_array(input, state, *options.files, type, array.shape, node->order);
    document.allow(bytes);
    return Value::array(node);
  }
  const Value* const alignment = find(state, "numpy_array_alignment_bytes");
  if (alignment != nullptr && !alignment->is_none())
    input.need(std::to_integer<std::size_t>(*input.need(1)));
  input.expect(bytes);
  const Value* const may_be_mapped = find(state, "allow_mmap");
  if (options.map != nullptr && may_be_mapped != nullptr && may_be_mapped->boolean()) {
    if (alignment == nullptr && input.position() % 16 != 0) warn_of_alignment(input);
    array = map_array(options.map, type, array.shape, node->order, input.position());
    input.skip(bytes);
  } else if (options.leave_arrays && bytes >= smallest_left_array &&
             (options.native_byte_order || type.is_native())) {
    node->in_file = true;
    node->offset = input.position();
    input.skip(bytes);
  } else {
    array.data = allocate_elements(bytes);
    input.read({array.data.get(), bytes});
    if (options.native_byte_order) array = to_native(array);
  }
  return Value::array(node);
}

}  // namespace joblib::detail
