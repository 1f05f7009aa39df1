#include "known.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "numpy_objects.hpp"

namespace joblib::detail {
namespace {

// numpy 2 has moved its modules.
std::string_view numpy_1_module(std::string_view module) {
  if (module == "numpy._core.multiarray") return "numpy.core.multiarray";
  if (module == "numpy._core.numeric") return "numpy.core.numeric";
  return module;
}

double number(const Value& value) {
  return value.tag() == Tag::real ? value.real() : static_cast<double>(value.integer());
}

bool is_number(const Value& value) {
  return value.tag() == Tag::real || value.tag() == Tag::integer || value.tag() == Tag::boolean;
}

// The bytes of text whose characters are all below 256, as protocols below 3 write them; empty
// where there is another one.
std::optional<std::string> latin1(std::string_view utf8) {
  std::string result;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      result += utf8[i];
    } else if ((byte == 0xc2 || byte == 0xc3) && i + 1 < utf8.size()) {
      result +=
          static_cast<char>(((byte & 3) << 6) | (static_cast<unsigned char>(utf8[++i]) & 0x3f));
    } else {
      return {};
    }
  }
  return result;
}

// bytearray(b'...'), bytearray('...', 'latin-1'), bytearray(), and the same of bytes.
std::optional<Value> make_bytes(Document& document, Tag tag, std::span<const Value> arguments) {
  if (arguments.empty()) return document.text(tag, {});
  if (arguments[0].tag() == Tag::bytes && arguments.size() == 1) {
    document.spend(arguments[0].text().size());
    return document.text(tag, arguments[0].text());
  }
  if (arguments[0].tag() != Tag::str || arguments.size() != 2) return {};
  document.spend(arguments[0].text().size());
  const std::optional<std::string> bytes = latin1(arguments[0].text());
  if (!bytes) return {};
  return document.text(tag, *bytes);
}

std::optional<Value> make_set(Document& document, Tag tag, std::span<const Value> arguments) {
  if (arguments.size() > 1) return {};
  auto* const node = document.make<Sequence>();
  if (arguments.size() == 1) {
    if (arguments[0].tag() != Tag::list && arguments[0].tag() != Tag::tuple) return {};
    const Sequence& items = arguments[0].sequence();
    *node = {items.items, items.size, items.size};  // shared: what grows is moved elsewhere
  }
  return Value::sequence(tag, node);
}

}  // namespace

GlobalName present_name(GlobalName global) {
  if (global.module == "copy_reg") return {"copyreg", global.name};
  if (global.module == "exceptions") return {"builtins", global.name};
  if (global.module != "__builtin__") return global;
  static constexpr std::pair<std::string_view, std::string_view> renamed[] = {
      {"basestring", "str"}, {"long", "int"},     {"unichr", "chr"},
      {"unicode", "str"},    {"xrange", "range"},
  };
  for (const auto& [old, present] : renamed) {
    if (global.name == old) return {"builtins", present};
  }
  return {"builtins", global.name};
}

Known known_global(std::string_view module, std::string_view name) {
  static constexpr auto known = std::to_array<std::pair<std::string_view, Known>>({
      {"builtins.complex", Known::builtin_complex},
      {"builtins.bytearray", Known::builtin_bytearray},
      {"builtins.bytes", Known::builtin_bytes},
      {"builtins.set", Known::builtin_set},
      {"builtins.frozenset", Known::builtin_frozenset},
      {"_codecs.encode", Known::codecs_encode},
      {"copyreg._reconstructor", Known::object_reconstructor},
      {"numpy.dtype", Known::numpy_dtype},
      {"numpy.core.multiarray._reconstruct", Known::numpy_reconstruct},
      {"numpy.core.multiarray.scalar", Known::numpy_scalar},
      {"numpy.core.numeric._frombuffer", Known::numpy_frombuffer},
      {"joblib.numpy_pickle.NumpyArrayWrapper", Known::array_wrapper},
      {"joblib.numpy_pickle.NDArrayWrapper", Known::legacy_array_wrapper},
      {"joblib.numpy_pickle.ZNDArrayWrapper", Known::legacy_z_array_wrapper},
      {"joblib.numpy_pickle_compat.NDArrayWrapper", Known::legacy_array_wrapper},
      {"joblib.numpy_pickle_compat.ZNDArrayWrapper", Known::legacy_z_array_wrapper},
  });

  constexpr std::size_t longest = 60;
  if (module.size() + name.size() > longest) return Known::no;
  const std::string full = std::string(numpy_1_module(module)) + '.' + std::string(name);
  const auto* const found = std::ranges::find(known, full, &decltype(known)::value_type::first);
  return found == known.end() ? Known::no : found->second;
}

std::optional<Value> make_known(Document& document, const Global& callable,
                                std::span<const Value> arguments) {
  switch (callable.known) {
    case Known::builtin_complex:
      if (arguments.size() != 2 || !is_number(arguments[0]) || !is_number(arguments[1])) return {};
      return document.complex(number(arguments[0]), number(arguments[1]));
    case Known::builtin_bytearray:
      return make_bytes(document, Tag::bytearray, arguments);
    case Known::builtin_bytes:
      return make_bytes(document, Tag::bytes, arguments);
    case Known::codecs_encode:
      if (arguments.size() != 2 || arguments[1].tag() != Tag::str ||
          (arguments[1].text() != "latin1" && arguments[1].text() != "latin-1"))
        return {};
      return make_bytes(document, Tag::bytes, arguments);
    case Known::builtin_set:
      return make_set(document, Tag::set, arguments);
    case Known::builtin_frozenset:
      return make_set(document, Tag::frozenset, arguments);
    case Known::numpy_dtype:
      return make_dtype(document, arguments);
    case Known::numpy_reconstruct:
      return make_empty_array(document, arguments);
    case Known::numpy_frombuffer:
      return make_array_from_buffer(document, arguments);
    case Known::numpy_scalar:
      return make_scalar(document, arguments);
    default:
      return {};
  }
}

}  // namespace joblib::detail
