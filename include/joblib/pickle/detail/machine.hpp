#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "joblib/pickle/detail/document.hpp"

namespace joblib::detail {

/// Python's pickle machine, working on values instead of objects: nothing is called, what a pickle
/// would call stays an Instance. One of the sinks that a C++ value can be saved to (see save.hpp);
/// the reader turns opcodes into the same operations. Throws Error where an operation finds
/// something else on the stack than it needs.
class Machine {
 public:
  static constexpr bool is_digest = false;

  /// Whether elements of arrays that somebody else owns are copied, or must outlive the values.
  enum class Arrays { owned, borrowed };

  explicit Machine(Document& document, Arrays arrays = Arrays::owned)
      : document_(document), arrays_(arrays) {}

  /// While it lives, arrays are copied that would be borrowed.
  class Copying {
   public:
    explicit Copying(Machine& machine)
        : machine_(machine), before_(std::exchange(machine.arrays_, Arrays::owned)) {}
    Copying(const Copying&) = delete;
    Copying& operator=(const Copying&) = delete;
    ~Copying() { machine_.arrays_ = before_; }

   private:
    Machine& machine_;
    Arrays before_;
  };

  void none() { push({}); }
  void boolean(bool value) { push(Value::boolean(value)); }
  void integer(std::int64_t value) { push(Value::integer(value)); }
  void unsigned_integer(std::uint64_t value);
  void big_integer(std::span<const std::byte> bytes) { push(document_.integer(bytes)); }
  void real(double value) { push(Value::real(value)); }
  void complex(double real, double imaginary) { push(document_.complex(real, imaginary)); }
  void name(std::string_view text) { str(text); }
  void str(std::string_view utf8) { push(document_.text(Tag::str, utf8)); }
  void bytes(std::span<const std::byte> bytes) { text(Tag::bytes, bytes); }
  void bytearray(std::span<const std::byte> bytes) { text(Tag::bytearray, bytes); }

  void mark() { marks_.push_back(stack_.size()); }
  void empty_list() { push_sequence(Tag::list); }
  void append();
  void appends();
  void empty_dict() { push(Value::dict(document_.make<Dict>())); }
  void setitem();
  void setitems();
  void empty_set() { push_sequence(Tag::set); }
  template <class SaveItem>
  void set(std::size_t size, SaveItem save_item) {
    empty_set();
    mark();
    for (std::size_t i = 0; i < size; ++i) save_item(i);
    appends();
  }
  template <class SaveItem>
  void frozenset(std::size_t size, SaveItem save_item) {
    mark();
    for (std::size_t i = 0; i < size; ++i) save_item(i);
    sequence_from_mark(Tag::frozenset);
  }
  void begin_tuple(std::size_t size) {
    if (size > 3) mark();
  }
  void end_tuple(std::size_t size);

  void global(std::string_view module, std::string_view name);
  void reduce();
  void newobj();
  void newobj_ex();
  void build();
  void array(const Array& array) { push_array(array, false); }
  void scalar(const Array& element) { push_array(element, true); }
  void type(const dtype& type) { push(Value::type(document_.keep(type))); }

  // What only pickles do.
  void sequence_from_mark(Tag tag);
  void dict_from_mark();
  void stack_global();
  void instance_from_mark(std::string_view module, std::string_view name);  // INST
  void instance_from_mark();                                                // OBJ
  void pop();
  void pop_mark();
  void duplicate() { push(top()); }
  void memoize(std::size_t index);
  void memoize() { memo_.push_back(top()); }
  void get(std::size_t index);

  void push(Value value) { stack_.push_back(value); }
  Value& top() {
    if (stack_.size() == fence()) underflow();
    return stack_.back();
  }
  Value take();
  const Value& below_top();
  /// The value that is left at the end.
  Value finish();
  Document& document() noexcept { return document_; }

 private:
  std::size_t fence() const noexcept { return marks_.empty() ? 0 : marks_.back(); }
  [[noreturn]] static void underflow();
  void need(std::size_t count) {
    if (stack_.size() - fence() < count) underflow();
  }
  std::span<const Value> above_mark();
  void drop_mark();

  void text(Tag tag, std::span<const std::byte> bytes);
  void push_sequence(Tag tag) { push(Value::sequence(tag, document_.make<Sequence>())); }
  void push_array(const Array& array, bool scalar);
  void push_global(Value module, Value name);
  void add_items(const Value& target, std::span<const Value> items);
  Dict& entries_of(const Value& target);
  Value made_by(const Global& callable, std::span<const Value> arguments);

  Document& document_;
  Arrays arrays_;
  std::vector<Value> stack_ = {};
  std::vector<std::size_t> marks_ = {};
  std::vector<Value> memo_ = {};
  std::unordered_map<std::size_t, Value> sparse_memo_ = {};  // where indices leave gaps
};

}  // namespace joblib::detail
