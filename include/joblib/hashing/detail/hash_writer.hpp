#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "joblib/hashing/detail/digest.hpp"
#include "joblib/hashing/options.hpp"
#include "joblib/io/byte_stream.hpp"
#include "joblib/pickle/detail/writer.hpp"

namespace joblib::detail {

/// Keeps all that is written, each piece in memory of its own: what is there is never moved.
class PieceSink final : public ByteSink {
 public:
  void write(std::span<const std::byte> bytes) override {
    pieces_.emplace_back(bytes.begin(), bytes.end());
  }
  std::span<const std::vector<std::byte>> pieces() const noexcept { return pieces_; }

 private:
  std::vector<std::vector<std::byte>> pieces_ = {};
};

struct HashTarget {
  explicit HashTarget(const HashOptions& hash_options);

  HashOptions options;
  Digest digest;
  PieceSink pickle = {};  // goes to the digest when it is complete
};

/// The digest that Python's joblib.hash makes of a value. One of the sinks that a C++ value can be
/// saved to (see save.hpp): what it hashes is a pickle of protocol 3 with an entry in the memo for
/// each container, as Python's own pickler writes it, but
/// - the bytes of arrays, and types, pickled on their own, go to the digest at once; only shapes,
///   strides and classes are in the pickle
/// - dicts and sets are saved in the order of their keys (see Keys); sets by way of a class of
///   joblib's, built-in functions and bound methods by way of another
/// - text and bytes are not in the memo.
class HashWriter : private HashTarget, private PickleWriter {
 public:
  static constexpr bool is_digest = true;

  explicit HashWriter(const HashOptions& options);

  using PickleWriter::append;
  using PickleWriter::appends;
  using PickleWriter::begin_tuple;
  using PickleWriter::big_integer;
  using PickleWriter::boolean;
  using PickleWriter::build;
  using PickleWriter::bytearray;
  using PickleWriter::bytes;
  using PickleWriter::complex;
  using PickleWriter::drop_tuple;
  using PickleWriter::empty_dict;
  using PickleWriter::empty_list;
  using PickleWriter::end_tuple;
  using PickleWriter::frozenset;
  using PickleWriter::get;
  using PickleWriter::integer;
  using PickleWriter::mark;
  using PickleWriter::memoize;
  using PickleWriter::newobj;
  using PickleWriter::none;
  using PickleWriter::real;
  using PickleWriter::reduce;
  using PickleWriter::setitem;
  using PickleWriter::setitems;
  using PickleWriter::str;
  using PickleWriter::unsigned_integer;

  void name(std::string_view text) { str(text); }
  /// Protocol 3 has none; Python goes a long way round, which is not followed.
  void newobj_ex() { put_object(Opcode::newobj_ex); }
  template <class SaveItem>
  void set(std::size_t size, SaveItem save_item) {
    begin_instance("_ConsistentSet");
    str("_sequence");
    empty_list();
    save_items(*this, size, save_item);
    end_instance();
  }
  /// `save_arguments` saves a tuple that says which function it is.
  template <class SaveArguments>
  void replaced_function(SaveArguments save_arguments) {
    begin_instance("_MyHash");
    str("args");
    save_arguments();
    end_instance();
  }
  void global(std::string_view module, std::string_view name);
  void type(const dtype& type);
  void array(const Array& array) { this->array(array, nullptr); }
  void array(const Array& array, const Global* subclass);
  void scalar(const Array& element);

  /// Has values of std::variant count with the positions of their alternatives, which Python
  /// hasn't.
  void tell_alternatives() { tells_alternatives_ = true; }
  bool tells_alternatives() const { return tells_alternatives_; }

  /// The MD5 of what `save(sink)` saves, which stands for a key.
  template <class Save>
  std::string digest_of(Save save) const {
    HashWriter writer(
        {.dtype_protocol = options.dtype_protocol, .numpy_version = options.numpy_version});
    writer.tells_alternatives_ = tells_alternatives_;
    save(writer);
    return writer.hexdigest();
  }

  std::string hexdigest();

 private:
  void begin_instance(std::string_view class_name);
  void end_instance();
  void builtin_function(std::string_view module, std::string_view name);
  void update(const Array& array, Order order);

  bool tells_alternatives_ = false;
};

}  // namespace joblib::detail
