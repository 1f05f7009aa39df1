#include "joblib/pickle/detail/writer.hpp"
#include "joblib/core/detail/utf8.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "joblib/core/error.hpp"

namespace joblib::detail {

PickleWriter::PickleWriter(ByteSink& sink, WriteOptions options)
    : sink_(sink),
      options_(options),
      frame_(std::make_unique_for_overwrite<std::byte[]>(header_size + first_capacity)),
      next_(frame_.get() + header_size),
      end_(next_ + first_capacity),
      written_(options.position) {
  if (options.protocol < 2 || options.protocol > 5) {
    throw Error(errc::invalid_argument,
                "protocol must be 2, 3, 4 or 5, got: " + std::to_string(options.protocol));
  }
  if (!std::has_single_bit(options.alignment) || options.alignment > 128) {
    throw Error(errc::invalid_argument, "alignment must be a power of 2 up to 128, got: " +
                                            std::to_string(options.alignment));
  }
}

// For at most frame_size bytes.
void PickleWriter::make_room(std::size_t count) {
  const std::byte* const content = frame_.get() + header_size;
  const auto size = static_cast<std::size_t>(next_ - content);
  const auto capacity = static_cast<std::size_t>(end_ - content);
  if (size + count > frame_size) close_frame();
  if (capacity == frame_size) return;
  auto larger = std::make_unique_for_overwrite<std::byte[]>(header_size + frame_size);
  next_ = std::copy(frame_.get() + header_size, next_, larger.get() + header_size);
  frame_ = std::move(larger);
  end_ = frame_.get() + header_size + frame_size;
}

// The bytes go out, as a frame if they are worth it.
void PickleWriter::close_frame() {
  std::byte* const content = frame_.get() + header_size;
  const auto size = static_cast<std::size_t>(next_ - content);
  constexpr std::size_t smallest_frame = 4;
  std::byte* begin = content;
  if (options_.protocol >= 4 && size >= smallest_frame) {
    begin -= header_size - start_size;
    begin[0] = code(Opcode::frame);
    store(begin + 1, static_cast<std::uint64_t>(size));
  }
  if (!started_) {
    begin -= start_size;
    begin[0] = code(Opcode::proto);
    begin[1] = static_cast<std::byte>(options_.protocol);
    started_ = true;
  }
  const std::span<const std::byte> bytes(begin, next_);
  if (!bytes.empty()) sink_.write(bytes);
  written_ += bytes.size();
  next_ = content;
}

void PickleWriter::finish() {
  put(Opcode::stop);
  close_frame();
}

// An opcode's bytes are in the frame of the opcode; large ones go out at once, outside of frames.
void PickleWriter::put_bytes(std::span<const std::byte> opcode, std::span<const std::byte> bytes) {
  const std::size_t size = opcode.size() + bytes.size();
  if (size > frame_size) {
    close_frame();
    sink_.write(opcode);
    sink_.write(bytes);
    written_ += size;
    return;
  }
  if (size > static_cast<std::size_t>(end_ - next_)) make_room(size);
  next_ = std::ranges::copy(opcode, next_).out;
  next_ = std::ranges::copy(bytes, next_).out;
}

template <class Length>
void PickleWriter::put_sized(Opcode opcode, std::span<const std::byte> bytes) {
  std::array<std::byte, 1 + sizeof(Length)> start{code(opcode)};
  store(start.data() + 1, static_cast<Length>(bytes.size()));
  put_bytes(start, bytes);
}

void PickleWriter::put_long_bytes(Opcode opcode4, Opcode opcode8,
                                  std::span<const std::byte> bytes) {
  if (bytes.size() <= UINT32_MAX) return put_sized<std::uint32_t>(opcode4, bytes);
  if (options_.protocol >= 4) return put_sized<std::uint64_t>(opcode8, bytes);
  throw Error(errc::invalid_argument, "text or bytes of 4 GiB or more need protocol 4 or 5");
}

void PickleWriter::put_long_str(std::string_view utf8) {
  put_long_bytes(Opcode::binunicode, Opcode::binunicode8, std::as_bytes(std::span(utf8)));
}

void PickleWriter::bytes(std::span<const std::byte> bytes) {
  if (options_.protocol < 3) return put_latin1(bytes);
  if (bytes.size() > 0xff) {
    put_long_bytes(Opcode::binbytes, Opcode::binbytes8, bytes);
  } else {
    put_sized<std::uint8_t>(Opcode::short_binbytes, bytes);
  }
  note_text();
}

// Protocol 2 has no bytes: they are text of Latin-1 that Python encodes.
void PickleWriter::put_latin1(std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    global("__builtin__", "bytes");
    end_tuple(0);
    return reduce();
  }
  std::string text;
  for (const std::byte byte : bytes) append_utf8(text, std::to_integer<unsigned char>(byte));
  global("_codecs", "encode");
  str(text);
  str("latin1");
  end_tuple(2);
  reduce();
}

void PickleWriter::bytearray(std::span<const std::byte> bytes) {
  if (options_.protocol >= 5) return put_sized<std::uint64_t>(Opcode::bytearray8, bytes);
  global("builtins", "bytearray");
  if (!bytes.empty()) this->bytes(bytes);
  end_tuple(bytes.empty() ? 0 : 1);
  reduce();
}

void PickleWriter::put_long(std::int64_t value) {
  std::array<std::byte, 8> bytes{};
  store(bytes.data(), value);
  big_integer(bytes);
}

void PickleWriter::unsigned_integer(std::uint64_t value) {
  if (value <= INT64_MAX) return integer(static_cast<std::int64_t>(value));
  std::array<std::byte, 9> bytes{};
  store(bytes.data(), value);
  big_integer(bytes);
}

void PickleWriter::big_integer(std::span<const std::byte> bytes) {
  const auto is_extension = [&] {  // the last byte, of the sign of the one before
    const bool negative = (bytes[bytes.size() - 2] & std::byte{0x80}) != std::byte{0};
    return bytes.back() == (negative ? std::byte{0xff} : std::byte{0});
  };
  while (bytes.size() > 1 && is_extension()) bytes = bytes.first(bytes.size() - 1);
  if (bytes.size() <= 0xff) return put_sized<std::uint8_t>(Opcode::long1, bytes);
  put_sized<std::uint32_t>(Opcode::long4, bytes);
}

void PickleWriter::complex(double real, double imaginary) {
  global("builtins", "complex");
  this->real(real);
  this->real(imaginary);
  end_tuple(2);
  reduce();
}

void PickleWriter::end_tuple(std::size_t size) {
  constexpr std::array codes{Opcode::empty_tuple, Opcode::tuple1, Opcode::tuple2, Opcode::tuple3};
  if (size == 0) return put(Opcode::empty_tuple);
  put_object(size < codes.size() ? codes[size] : Opcode::tuple);
}

void PickleWriter::drop_tuple(std::size_t size) {
  if (size > 3) return put(Opcode::pop_mark);
  for (std::size_t i = 0; i < size; ++i) put(Opcode::pop);
}

void PickleWriter::global(std::string_view module, std::string_view name) {
  // Protocol 2 is for Python 2 as well: it knows the builtins by their old name.
  if (module == "builtins" && options_.protocol < 3) module = "__builtin__";
  if (module == "copyreg" && options_.protocol < 3) module = "copy_reg";
  if (module.find('\n') != module.npos || name.find('\n') != name.npos) {
    throw Error(errc::invalid_argument, "the name of a class can't have a line break: '" +
                                            std::string(module) + "', '" + std::string(name) + "'");
  }
  std::string opcode = "c";
  (((opcode += module) += '\n') += name) += '\n';
  once(opcode, [&] {
    if (options_.protocol >= 4) {
      this->name(module);
      this->name(name);
      return put_object(Opcode::stack_global);
    }
    put_bytes({}, std::as_bytes(std::span(opcode)));
    if (options_.memo != Memo::referred) put_memo();
  });
}

void PickleWriter::name(std::string_view text) {
  std::string key = "s";
  once(key += text, [&] { str(text); });
}

void PickleWriter::once(std::string key, const std::function<void()>& write) {
  if (const auto found = written_once_.find(key); found != written_once_.end())
    return get(found->second);
  write();
  written_once_.emplace(std::move(key), memoize());
}

void PickleWriter::newobj_ex() {
  if (options_.protocol < 4) {
    throw Error(errc::invalid_argument,
                "an instance made with keyword arguments needs protocol 4 or 5");
  }
  put_object(Opcode::newobj_ex);
}

std::size_t PickleWriter::memoize() {
  return options_.memo == Memo::referred ? put_memo() : memo_size_ - 1;
}

std::size_t PickleWriter::put_memo() {
  if (options_.protocol >= 4) {
    put(Opcode::memoize);
  } else if (memo_size_ <= 0xff) {
    put(Opcode::binput, static_cast<std::uint8_t>(memo_size_));
  } else {
    put(Opcode::long_binput, static_cast<std::uint32_t>(memo_size_));
  }
  return memo_size_++;
}

void PickleWriter::get(std::size_t index) {
  if (index <= 0xff) {
    put(Opcode::binget, static_cast<std::uint8_t>(index));
  } else {
    put(Opcode::long_binget, static_cast<std::uint32_t>(index));
  }
}

}  // namespace joblib::detail
