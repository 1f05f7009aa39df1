#include "joblib/pickle/detail/reader.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "joblib/core/detail/utf8.hpp"
#include "joblib/core/error.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "joblib/pickle/detail/opcodes.hpp"
#include "text.hpp"
#include "wrapped_arrays.hpp"

namespace joblib::detail {
namespace {

template <class Unsigned>
Unsigned load(const std::byte* bytes) {
  static_assert(std::endian::native == std::endian::little);
  Unsigned value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

double load_big_endian_double(const std::byte* bytes) {
  return std::bit_cast<double>(__builtin_bswap64(load<std::uint64_t>(bytes)));
}

std::string in_hex(std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {'0', 'x', digits[byte >> 4], digits[byte & 15]};
}

}  // namespace

Reader::Reader(BufferedInput& input, Document& document, ReadOptions options)
    : input_(input),
      machine_(document),
      options_(std::move(options)),
      allowed_until_(input.position()) {}

Value Reader::read() {
  try {
    return run();
  } catch (const Error& error) {
    // The machine knows what is wrong, and the input where.
    if (std::string_view(error.what()).starts_with(input_.name())) throw;
    if (error.code() != errc::corrupt_data && error.code() != errc::invalid_argument) throw;
    input_.fail(error.what());
  }
}

template <class Unsigned>
Unsigned Reader::number() {
  return load<Unsigned>(input_.need(sizeof(Unsigned)));
}

Value Reader::run() {
  using enum Opcode;
  for (;;) {
    const auto opcode = std::to_integer<std::uint8_t>(*input_.need(1));
    switch (static_cast<Opcode>(opcode)) {
      case short_binunicode:
        read_text(Tag::str, number<std::uint8_t>());
        break;
      case memoize:
        machine_.memoize();
        break;
      case binfloat:
        machine_.real(load_big_endian_double(input_.need(8)));
        break;
      case binint1:
        machine_.integer(number<std::uint8_t>());
        break;
      case binint2:
        machine_.integer(number<std::uint16_t>());
        break;
      case binint:
        machine_.integer(static_cast<std::int32_t>(number<std::uint32_t>()));
        break;
      case binget:
        machine_.get(number<std::uint8_t>());
        break;
      case long_binget:
        machine_.get(number<std::uint32_t>());
        break;
      case none:
        machine_.none();
        break;
      case newtrue:
        machine_.boolean(true);
        break;
      case newfalse:
        machine_.boolean(false);
        break;
      case mark:
        machine_.mark();
        break;
      case empty_list:
        machine_.empty_list();
        break;
      case append:
        machine_.append();
        break;
      case appends:
        machine_.appends();
        break;
      case empty_dict:
        machine_.empty_dict();
        break;
      case setitem:
        machine_.setitem();
        break;
      case setitems:
        machine_.setitems();
        break;
      case empty_tuple:
        machine_.end_tuple(0);
        break;
      case tuple1:
        machine_.end_tuple(1);
        break;
      case tuple2:
        machine_.end_tuple(2);
        break;
      case tuple3:
        machine_.end_tuple(3);
        break;
      case tuple:
        machine_.sequence_from_mark(Tag::tuple);
        break;
      case binunicode:
        read_text(Tag::str, number<std::uint32_t>());
        break;
      case binunicode8:
        read_text(Tag::str, number<std::uint64_t>());
        break;
      case short_binbytes:
        read_text(Tag::bytes, number<std::uint8_t>());
        break;
      case binbytes:
        read_text(Tag::bytes, number<std::uint32_t>());
        break;
      case binbytes8:
        read_text(Tag::bytes, number<std::uint64_t>());
        break;
      case bytearray8:
        read_text(Tag::bytearray, number<std::uint64_t>());
        break;
      case long1:
        read_long(number<std::uint8_t>());
        break;
      case long4:
        read_long(number<std::uint32_t>());
        break;
      case stack_global:
        machine_.stack_global();
        break;
      case reduce:
        allow_copies();
        machine_.reduce();
        break;
      case newobj:
        machine_.newobj();
        break;
      case newobj_ex:
        machine_.newobj_ex();
        break;
      case build:
        this->build();
        break;
      case empty_set:
        machine_.empty_set();
        break;
      case additems:
        machine_.appends();
        break;
      case frozenset:
        machine_.sequence_from_mark(Tag::frozenset);
        break;
      case binput:
        machine_.memoize(number<std::uint8_t>());
        break;
      case long_binput:
        machine_.memoize(number<std::uint32_t>());
        break;
      case frame:
        input_.expect(number<std::uint64_t>());
        break;
      case proto:
        read_protocol();
        break;
      case pop:
        machine_.pop();
        break;
      case pop_mark:
        machine_.pop_mark();
        break;
      case dup:
        machine_.duplicate();
        break;
      case list:
        machine_.sequence_from_mark(Tag::list);
        break;
      case dict:
        machine_.dict_from_mark();
        break;
      case stop:
        allow_copies();
        return machine_.finish();
      case global: {
        const std::string module = read_name();
        machine_.global(module, read_name());
        break;
      }
      case inst: {
        allow_copies();
        const std::string module = read_name();
        machine_.instance_from_mark(module, read_name());
        break;
      }
      case obj:
        allow_copies();
        machine_.instance_from_mark();
        break;
      case decimal_int:
        read_decimal_or_bool();
        break;
      case decimal_long:
        read_decimal(input_.line());
        break;
      case decimal_float:
        read_float();
        break;
      case get:
        machine_.get(read_index());
        break;
      case put:
        machine_.memoize(read_index());
        break;
      case unicode:
        read_escaped(decode_raw_unicode_escape(input_.line()), Tag::str);
        break;
      case string:
        read_escaped(unquote(input_.line()), Tag::str);
        break;
      case short_binstring:
        read_text(Tag::str, number<std::uint8_t>());
        break;
      case binstring:
        read_text(Tag::str, number<std::uint32_t>());
        break;
      case ext1:
        refuse_extension(number<std::uint8_t>());
      case ext2:
        refuse_extension(number<std::uint16_t>());
      case ext4:
        refuse_extension(number<std::uint32_t>());
      case persid:
      case binpersid:
        input_.fail("the pickle refers to objects outside of it (a persistent id)");
      case next_buffer:
      case readonly_buffer:
        input_.fail("the pickle keeps buffers outside of it (out-of-band data)");
      default:
        input_.fail("no pickle: unknown opcode " + in_hex(opcode));
    }
  }
}

void Reader::read_protocol() {
  const int protocol = number<std::uint8_t>();
  if (protocol > 5) {
    input_.fail("pickle protocol " + std::to_string(protocol) +
                " is newer than 5, the newest that is known");
  }
}

void Reader::refuse_extension(std::uint32_t code) const {
  input_.fail("the pickle names a class by a code of Python's copyreg (" + std::to_string(code) +
              "), which only the program that wrote it knows");
}

void Reader::read_text(Tag tag, std::uint64_t size) {
  Document& document = machine_.document();
  Value value;
  if (size <= BufferedInput::buffer_size) {
    const auto length = static_cast<std::size_t>(size);
    value = document.text(tag, {reinterpret_cast<const char*>(input_.need(length)), length});
  } else {
    input_.expect(size);
    const std::vector<std::byte> bytes = read_in_steps(input_, size);
    value = document.text(tag, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  if (tag == Tag::str && !is_utf8(value.text())) input_.fail("a str is not valid UTF-8");
  machine_.push(value);
}

std::string Reader::read_name() {
  const std::string_view line = input_.line();
  if (!is_utf8(line)) input_.fail("the name of a class is not valid UTF-8");
  return std::string(line);
}

void Reader::read_long(std::uint64_t size) {
  if (size <= BufferedInput::buffer_size) {
    const auto length = static_cast<std::size_t>(size);
    return machine_.big_integer({input_.need(length), length});
  }
  if (size > std::uint64_t{1} << 31) input_.fail("an integer of a negative number of bytes");
  input_.expect(size);
  machine_.big_integer(read_in_steps(input_, size));
}

void Reader::read_escaped(const std::optional<std::string>& text, Tag tag) {
  if (!text) input_.fail("a malformed text literal");
  if (!is_utf8(*text)) input_.fail("a str is not valid UTF-8");
  machine_.push(machine_.document().text(tag, *text));
}

void Reader::read_decimal_or_bool() {
  const std::string_view line = input_.line();
  if (line == "00" || line == "01") return machine_.boolean(line == "01");
  read_decimal(line);
}

void Reader::read_decimal(std::string_view line) {
  if (line.ends_with('L')) line.remove_suffix(1);
  constexpr std::size_t most_digits = 10'000;  // parsing takes time with their square
  const auto bytes = line.size() > most_digits ? std::nullopt : parse_integer(line);
  if (!bytes) input_.fail("a malformed integer");
  machine_.big_integer(*bytes);
}

void Reader::read_float() {
  const std::string_view line = input_.line();
  double value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc() || end != line.data() + line.size()) input_.fail("a malformed float");
  machine_.real(value);
}

std::size_t Reader::read_index() {
  const std::string_view line = input_.line();
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), index);
  if (error != std::errc() || end != line.data() + line.size())
    input_.fail("a malformed memo index");
  return index;
}

// What is shared may be copied, but not without end.
void Reader::allow_copies() {
  constexpr std::uint64_t copies_per_byte = 16;
  machine_.document().allow(copies_per_byte * (input_.position() - allowed_until_));
  allowed_until_ = input_.position();
}

void Reader::build() {
  allow_copies();
  const Value target = machine_.below_top();
  machine_.build();
  if (target.tag() != Tag::instance || options_.nested) return;
  const Instance& instance = target.instance();
  const Global* const its_class = class_of(instance);
  if (its_class == nullptr || instance.state.tag() != Tag::dict) return;
  switch (its_class->known) {
    case Known::array_wrapper:
      machine_.top() =
          read_wrapped_array(input_, machine_.document(), instance.state.dict(), options_);
      return;
    case Known::legacy_array_wrapper:
    case Known::legacy_z_array_wrapper:
      machine_.top() = read_legacy_array(input_, machine_.document(), instance, options_);
      return;
    default:
      return;
  }
}

}  // namespace joblib::detail
