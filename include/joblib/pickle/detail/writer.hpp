#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "joblib/io/byte_stream.hpp"
#include "joblib/numpy/array.hpp"
#include "joblib/pickle/detail/array_files.hpp"
#include "joblib/pickle/detail/batches.hpp"
#include "joblib/pickle/detail/opcodes.hpp"
#include "joblib/pickle/detail/value.hpp"

namespace joblib::detail {

/// What gets a number by which it can be referred to: only what is, as files need it; or, as
/// Python's own picklers do it, every object, with or without texts and bytes.
enum class Memo : std::uint8_t { referred, containers, all };

struct WriteOptions {
  int protocol = 4;            // 2 to 5
  std::size_t alignment = 16;  // of the elements of arrays, in bytes; a power of 2 up to 128
  std::uint64_t position = 0;  // of the target, when writing begins
  Memo memo = Memo::referred;
  int numpy_version = 1;        // 1 or 2, where they write types differently; both read both
  ArrayFiles* files = nullptr;  // takes arrays, or leaves them to the pickle; may be null
};

/// Writes a pickle, with joblib's arrays between the opcodes. One of the sinks that a C++ value can
/// be saved to (see save.hpp): each member writes what makes Python's pickle machine do the same as
/// Machine's member of this name. Opcodes are collected in frames of some 64 KiB, as Python does.
class PickleWriter {
 public:
  static constexpr bool is_digest = false;

  PickleWriter(ByteSink& sink, WriteOptions options);
  PickleWriter(const PickleWriter&) = delete;
  PickleWriter& operator=(const PickleWriter&) = delete;

  void none() { put(Opcode::none); }
  void boolean(bool value) { put(value ? Opcode::newtrue : Opcode::newfalse); }
  void integer(std::int64_t value) {
    std::byte* const out = room(10);
    if (value >= 0 && value < 0x100) {
      out[0] = code(Opcode::binint1);
      out[1] = static_cast<std::byte>(value);
      next_ += 2;
    } else if (value >= 0 && value < 0x10000) {
      out[0] = code(Opcode::binint2);
      store(out + 1, static_cast<std::uint16_t>(value));
      next_ += 3;
    } else if (value >= INT32_MIN && value <= INT32_MAX) {
      out[0] = code(Opcode::binint);
      store(out + 1, static_cast<std::int32_t>(value));
      next_ += 5;
    } else {
      put_long(value);
    }
  }
  void unsigned_integer(std::uint64_t value);
  void big_integer(std::span<const std::byte> bytes);
  void real(double value) {
    std::byte* const out = room(9);
    out[0] = code(Opcode::binfloat);
    store(out + 1, __builtin_bswap64(std::bit_cast<std::uint64_t>(value)));
    next_ += 9;
  }
  void complex(double real, double imaginary);
  void str(std::string_view utf8) {
    if (utf8.size() > 0xff) {
      put_long_str(utf8);
      return note_text();
    }
    std::byte* out = room(5 + 0xff);
    if (options_.protocol >= 4) {
      *out++ = code(Opcode::short_binunicode);
      *out++ = static_cast<std::byte>(utf8.size());
    } else {
      *out++ = code(Opcode::binunicode);
      store(out, static_cast<std::uint32_t>(utf8.size()));
      out += sizeof(std::uint32_t);
    }
    if (!utf8.empty()) std::memcpy(out, utf8.data(), utf8.size());
    next_ = out + utf8.size();
    note_text();
  }
  void bytes(std::span<const std::byte> bytes);
  void bytearray(std::span<const std::byte> bytes);

  void mark() { put(Opcode::mark); }
  void empty_list() { put_object(Opcode::empty_list); }
  void append() { put(Opcode::append); }
  void appends() { put(Opcode::appends); }
  void empty_dict() { put_object(Opcode::empty_dict); }
  void setitem() { put(Opcode::setitem); }
  void setitems() { put(Opcode::setitems); }
  /// `save_item(i)` saves each item.
  template <class SaveItem>
  void set(std::size_t size, SaveItem save_item) {
    if (options_.protocol < 4) return made_of_list("set", size, save_item);
    put_object(Opcode::empty_set);
    save_in_batches(*this, size, 1, save_item, [&](std::size_t) { put(Opcode::additems); });
  }
  template <class SaveItem>
  void frozenset(std::size_t size, SaveItem save_item) {
    if (options_.protocol < 4) return made_of_list("frozenset", size, save_item);
    mark();
    for (std::size_t i = 0; i < size; ++i) save_item(i);
    put_object(Opcode::frozenset);
  }
  void begin_tuple(std::size_t size) {
    if (size > 3) mark();
  }
  void end_tuple(std::size_t size);
  /// Drops the items of a tuple that has been begun.
  void drop_tuple(std::size_t size);

  void global(std::string_view module, std::string_view name);
  void reduce() { put_object(Opcode::reduce); }
  void newobj() { put_object(Opcode::newobj); }
  void newobj_ex();
  void build() { put(Opcode::build); }
  void type(const dtype& type);
  /// As numpy.ndarray.
  void array(const Array& array) { this->array(array, nullptr); }
  void array(const Array& array, const Global* subclass);
  void scalar(const Array& element);

  /// A str that is likely to come again, the name of an attribute: it is written once.
  void name(std::string_view text);

  /// Remembers the value that was written last; its index.
  std::size_t memoize();
  void get(std::size_t index);

  /// Ends the pickle.
  void finish();
  /// Where the target is then, in bytes.
  std::uint64_t position() const noexcept { return written_; }

  int protocol() const noexcept { return options_.protocol; }
  ArrayFiles* files() const noexcept { return options_.files; }

 protected:
  static constexpr std::size_t frame_size = 1 << 16;
  static constexpr std::size_t start_size = 2;                // PROTO
  static constexpr std::size_t header_size = start_size + 9;  // and FRAME
  static constexpr std::size_t first_capacity = 1000;

  static constexpr std::byte code(Opcode opcode) { return static_cast<std::byte>(opcode); }
  template <class Number>
  static void store(std::byte* out, Number number) {
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(out, &number, sizeof(number));
  }

  // A place for so many bytes, at most first_capacity; next_ is to be moved behind what is written.
  std::byte* room(std::size_t count) {
    if (static_cast<std::size_t>(end_ - next_) < count) make_room(count);
    return next_;
  }
  void put(Opcode opcode) {
    *room(1) = code(opcode);
    ++next_;
  }
  template <class Number>
  void put(Opcode opcode, Number number) {
    std::byte* const out = room(1 + sizeof(number));
    out[0] = code(opcode);
    store(out + 1, number);
    next_ += 1 + sizeof(number);
  }
  // What may be shared.
  void put_object(Opcode opcode) {
    put(opcode);
    if (options_.memo != Memo::referred) put_memo();
  }
  void note_text() {
    if (options_.memo == Memo::all) put_memo();
  }
  // Writes by `write` what `key` stands for, or refers to it if that has been done.
  void once(std::string key, const std::function<void()>& write);

 private:
  template <class SaveItem>
  void made_of_list(std::string_view type, std::size_t size, SaveItem save_item) {
    global("builtins", type);
    empty_list();
    save_items(*this, size, save_item);
    end_tuple(1);
    reduce();
  }
  std::size_t put_memo();
  void put_long(std::int64_t value);
  void put_long_str(std::string_view utf8);
  void put_long_bytes(Opcode opcode4, Opcode opcode8, std::span<const std::byte> bytes);
  void put_latin1(std::span<const std::byte> bytes);
  void put_shape(std::span<const std::size_t> shape);
  void put_bytes(std::span<const std::byte> opcode, std::span<const std::byte> bytes);
  template <class Length>
  void put_sized(Opcode opcode, std::span<const std::byte> bytes);
  void put_fields(std::span<const dtype::Field> fields);
  void put_time_unit(const dtype::TimeUnit& unit);
  void put_elements(const Array& array, Order order);
  void make_room(std::size_t count);
  void close_frame();

  ByteSink& sink_;
  WriteOptions options_;
  // The header, and the content of a frame; small at first, since many pickles are.
  std::unique_ptr<std::byte[]> frame_;
  std::byte* next_;
  std::byte* end_;
  bool started_ = false;
  std::uint64_t written_;  // position of the target
  std::size_t memo_size_ = 0;
  // The memo index of what is written once and then referred to.
  std::unordered_map<std::string, std::size_t> written_once_ = {};
  std::unordered_map<dtype, std::size_t, TypeIdentity, TypeIdentity> types_ = {};
};

}  // namespace joblib::detail
