#include "joblib/hashing/detail/hash_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "joblib/core/error.hpp"
#include "joblib/pickle/detail/save_value.hpp"

namespace joblib::detail {
namespace {

HashOptions checked(const HashOptions& options) {
  if (options.dtype_protocol < 3 || options.dtype_protocol > 5) {
    throw Error(errc::invalid_argument,
                "dtype_protocol must be 3, 4 or 5, got: " + std::to_string(options.dtype_protocol));
  }
  if (options.numpy_version < 1 || options.numpy_version > 2) {
    throw Error(errc::invalid_argument,
                "numpy_version must be 1 or 2, got: " + std::to_string(options.numpy_version));
  }
  return options;
}

bool is_builtin_function(std::string_view module, std::string_view name) {
  static constexpr std::array<std::string_view, 44> functions{"__build_class__",
                                                              "__import__",
                                                              "abs",
                                                              "aiter",
                                                              "all",
                                                              "anext",
                                                              "any",
                                                              "ascii",
                                                              "bin",
                                                              "breakpoint",
                                                              "callable",
                                                              "chr",
                                                              "compile",
                                                              "delattr",
                                                              "dir",
                                                              "divmod",
                                                              "eval",
                                                              "exec",
                                                              "format",
                                                              "getattr",
                                                              "globals",
                                                              "hasattr",
                                                              "hash",
                                                              "hex",
                                                              "id",
                                                              "input",
                                                              "isinstance",
                                                              "issubclass",
                                                              "iter",
                                                              "len",
                                                              "locals",
                                                              "max",
                                                              "min",
                                                              "next",
                                                              "oct",
                                                              "ord",
                                                              "pow",
                                                              "print",
                                                              "repr",
                                                              "round",
                                                              "setattr",
                                                              "sorted",
                                                              "sum",
                                                              "vars"};
  if (module == "builtins") return std::ranges::binary_search(functions, name);
  if (module == "array") return name == "_array_reconstructor";
  if (module == "_operator")
    return name != "attrgetter" && name != "itemgetter" && name != "methodcaller";
  return module == "math" || module == "cmath";
}

constexpr std::size_t size_of_long_double = 16;

bool has_padding(const dtype& type) {
  return (type.kind() == dtype::Kind::floating && type.itemsize() == size_of_long_double) ||
         (type.kind() == dtype::Kind::complex && type.itemsize() == 2 * size_of_long_double);
}

// On x86 a long double has 10 bytes, and 6 that mean nothing.
void clear_padding(std::span<std::byte> long_doubles) {
#if defined(__x86_64__)
  constexpr std::size_t used = 10;
  for (; !long_doubles.empty(); long_doubles = long_doubles.subspan(size_of_long_double))
    std::ranges::fill(long_doubles.subspan(used, size_of_long_double - used), std::byte{0});
#endif
}

}  // namespace

HashTarget::HashTarget(const HashOptions& hash_options)
    : options(checked(hash_options)), digest(hash_options.name) {}

HashWriter::HashWriter(const HashOptions& hash_options)
    : HashTarget(hash_options), PickleWriter(pickle, {.protocol = 3, .memo = Memo::containers}) {}

std::string HashWriter::hexdigest() {
  finish();
  for (const std::vector<std::byte>& piece : pickle.pieces()) digest.write(piece);
  return digest.hex();
}

void HashWriter::begin_instance(std::string_view class_name) {
  PickleWriter::global("joblib.hashing", class_name);
  end_tuple(0);
  newobj();
  empty_dict();
}

void HashWriter::end_instance() {
  setitem();
  build();
}

void HashWriter::builtin_function(std::string_view module, std::string_view name) {
  replaced_function([&] {
    str(name);
    str(module);
    end_tuple(2);
  });
}

void HashWriter::global(std::string_view module, std::string_view name) {
  const bool is_numpys = module == "numpy.core.multiarray" || module == "numpy._core.multiarray";
  if (is_numpys && (name == "_reconstruct" || name == "scalar")) {
    return builtin_function(options.numpy_version == 1 ? "numpy.core._multiarray_umath"
                                                       : "numpy._core._multiarray_umath",
                            name);
  }
  if (is_builtin_function(module, name)) return builtin_function(module, name);
  // Protocol 3 has no names with dots: an attribute of the outer class.
  if (std::ranges::count(name, '.') > most_nested) {
    throw Error(errc::invalid_argument, "the name of a class is nested deeper than " +
                                            std::to_string(most_nested) + " levels");
  }
  if (const std::size_t dot = name.rfind('.'); dot != name.npos) {
    return once("." + std::string(module) + '.' + std::string(name), [&] {
      builtin_function("builtins", "getattr");
      global(module, name.substr(0, dot));
      str(name.substr(dot + 1));
      end_tuple(2);
      reduce();
    });
  }
  PickleWriter::global(module, name);
}

void HashWriter::type(const dtype& type) {
  static constexpr std::string_view marker = "_HASHED_DTYPE";
  digest.write(std::as_bytes(std::span(marker)));
  PickleWriter writer(digest, {.protocol = options.dtype_protocol,
                               .memo = Memo::all,
                               .numpy_version = options.numpy_version});
  writer.type(type);
  writer.finish();
}

void HashWriter::update(const Array& array, Order order) {
  if (!has_padding(array.type)) {
    return for_each_piece(array, order,
                          [this](std::span<const std::byte> piece) { digest.write(piece); });
  }
  std::vector<std::byte> cleared;
  for_each_piece(array, order, [&](std::span<const std::byte> piece) {
    constexpr std::size_t most = 1 << 18;  // bytes
    for (; !piece.empty(); piece = piece.subspan(cleared.size())) {
      cleared.assign(piece.begin(),
                     piece.begin() + static_cast<std::ptrdiff_t>(std::min(most, piece.size())));
      clear_padding(cleared);
      digest.write(cleared);
    }
  });
}

void HashWriter::array(const Array& array, const Global* subclass) {
  const Order order =
      array.is_contiguous(Order::F) && !array.is_contiguous(Order::C) ? Order::F : Order::C;
  update(array, order);
  const std::vector<std::ptrdiff_t> strides =
      array.is_contiguous(order) ? contiguous_strides(array.shape, array.type.itemsize(), order)
                                 : array.strides;
  if (subclass != nullptr) {
    global(subclass->module.text(), subclass->name.text());
  } else {
    global("numpy", array.is_mapped() && !options.coerce_mmap ? "memmap" : "ndarray");
  }
  mark();
  str("HASHED");
  type(array.type);
  begin_tuple(array.ndim());
  for (const std::size_t extent : array.shape) unsigned_integer(extent);
  end_tuple(array.ndim());
  begin_tuple(array.ndim());
  for (const std::ptrdiff_t stride : strides) integer(stride);
  end_tuple(array.ndim());
  put_object(Opcode::tuple);
  end_tuple(2);
}

void HashWriter::scalar(const Array& element) {
  builtin_function(
      options.numpy_version == 1 ? "numpy.core._multiarray_umath" : "numpy._core._multiarray_umath",
      "scalar");
  type(element.type);
  std::vector<std::byte> bytes(element.data.get(), element.data.get() + element.type.itemsize());
  if (has_padding(element.type)) clear_padding(bytes);
  this->bytes(bytes);
  end_tuple(2);
  // Scalars of text are text, which has no place in the memo.
  const bool is_text =
      element.type.kind() == dtype::Kind::str || element.type.kind() == dtype::Kind::bytes;
  is_text ? put(Opcode::reduce) : reduce();
}

template void save_object(HashWriter& sink, const Object& object);

}  // namespace joblib::detail
