// What joblib wrote until 0.9: next to a pickle, one file for each array.

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "joblib/core/error.hpp"
#include "joblib/io/file.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "joblib/pickle/detail/z_file.hpp"
#include "numpy_objects.hpp"
#include "wrapped_arrays.hpp"

namespace joblib::detail {
namespace {

// The value after `'key':` in the header of an npy file, up to the next comma outside of
// parentheses.
std::string_view header_value(BufferedInput& input, std::string_view header, std::string_view key) {
  const std::size_t found = header.find("'" + std::string(key) + "'");
  const std::size_t colon = found == header.npos ? header.npos : header.find(':', found);
  if (colon == header.npos)
    input.fail("the header of the npy file has no '" + std::string(key) + "'");
  std::size_t begin = header.find_first_not_of(' ', colon + 1);
  int depth = 0;
  std::size_t end = begin;
  for (; end < header.size(); ++end) {
    if (header[end] == '(' || header[end] == '[') ++depth;
    if (header[end] == ')' || header[end] == ']') --depth;
    if (depth < 0 || (depth == 0 && (header[end] == ',' || header[end] == '}'))) break;
  }
  if (begin >= end) input.fail("the header of the npy file is malformed");
  return header.substr(begin, end - begin);
}

std::vector<std::size_t> parse_shape(BufferedInput& input, std::string_view text) {
  std::vector<std::size_t> shape;
  for (const char* next = text.data(); next != text.data() + text.size();) {
    if (*next < '0' || *next > '9') {
      ++next;
      continue;
    }
    const auto [end, error] =
        std::from_chars(next, text.data() + text.size(), shape.emplace_back());
    if (error != std::errc()) input.fail("the shape of the npy file is malformed");
    next = end;
  }
  return shape;
}

// numpy's own format: \x93NUMPY, version, length of a header, the header: a dict in Python's
// notation; then the elements, or a pickle of objects.
Value read_npy(BufferedInput& input, Document& document, const ReadOptions& options) {
  const auto number = [&](std::size_t bytes) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value |= std::to_integer<std::size_t>(*input.need(1)) << (8 * i);
    return value;
  };
  if (input.peek(6) != "\x93NUMPY") input.fail("no npy file");
  input.need(6);
  const std::size_t version = number(2) & 0xff;
  const std::size_t length = number(version == 1 ? 2 : 4);
  if (length > BufferedInput::buffer_size) input.fail("the header of the npy file is too long");
  const std::string header(input.peek(length));
  input.need(length);

  const std::string_view descr = header_value(input, header, "descr");
  if (!descr.starts_with('\'')) input.fail("an npy file of structures can't be read here");
  const dtype type(descr.substr(1, descr.size() - 2));
  if (type.has_objects()) {
    ReadOptions nested = options;
    nested.nested = true;
    return Reader(input, document, nested).read();
  }
  ArrayNode* const node = document.make_array();
  Array& array = node->array;
  array.type = type;
  array.shape = parse_shape(input, header_value(input, header, "shape"));
  node->order = header_value(input, header, "fortran_order") == "True" ? Order::F : Order::C;
  const std::size_t bytes = checked_size(array.shape, type.itemsize()) * type.itemsize();
  array.strides = contiguous_strides(array.shape, type.itemsize(), node->order);
  input.expect(bytes);
  array.data = allocate_elements(bytes);
  input.read({array.data.get(), bytes});
  if (options.native_byte_order) array = to_native(array);
  return Value::array(node);
}

}  // namespace

Value read_legacy_array(BufferedInput& input, Document& document, const Instance& wrapper,
                        const ReadOptions& options) {
  const Value* const file = find(wrapper.state.dict(), "filename");
  if (file == nullptr || file->tag() != Tag::str) input.fail("an array's wrapper names no file");
  const std::filesystem::path name(file->text());
  if (options.folder.empty() || name != name.filename())
    input.fail("the array '" + name.string() + "' is in another file: load from a path");
  const std::filesystem::path path = options.folder / name;
  const FileDescriptor fd = open_for_reading(path);
  FileSource source(fd.get(), path.string());
  BufferedInput array_file(source, path.string());
  if (class_of(wrapper)->known == Known::legacy_array_wrapper)
    return read_npy(array_file, document, options);

  // ZNDArrayWrapper: the bytes alone; the array is _reconstruct(*init_args) with state + (bytes,).
  const Value* const state = find(wrapper.state.dict(), "state");
  if (state == nullptr || state->tag() != Tag::tuple || state->sequence().size != 4)
    input.fail("an array's wrapper has no proper 'state'");
  const std::vector<std::byte> bytes = read_z_file(array_file);
  document.allow(bytes.size());
  auto* const whole_state = document.make<Sequence>();
  document.append(*whole_state, state->sequence().span());
  const Value elements =
      document.text(Tag::bytes, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  document.append(*whole_state, {&elements, 1});
  ArrayNode* const node = document.make_array();
  set_array_state(document, *node, Value::sequence(Tag::tuple, whole_state));
  if (options.native_byte_order) node->array = to_native(node->array);
  return Value::array(node);
}

}  // namespace joblib::detail
