#include "joblib/pickle/detail/machine.hpp"

#include <array>
#include <optional>
#include <string>

#include "joblib/core/error.hpp"
#include "known.hpp"
#include "numpy_objects.hpp"

namespace joblib::detail {
namespace {

[[noreturn]] void fail(const std::string& what) { throw Error(errc::corrupt_data, what); }

std::span<const Value> arguments_of(const Value& tuple) {
  if (tuple.tag() != Tag::tuple) fail("the arguments of a call are no tuple");
  return tuple.sequence().span();
}

}  // namespace

void Machine::underflow() { fail("an operation needs more values than there are"); }

std::span<const Value> Machine::above_mark() {
  if (marks_.empty()) fail("an operation needs a mark, and there is none");
  return std::span<const Value>(stack_).subspan(marks_.back());
}

void Machine::drop_mark() {
  stack_.resize(marks_.back());
  marks_.pop_back();
}

Value Machine::take() {
  const Value value = top();
  stack_.pop_back();
  return value;
}

const Value& Machine::below_top() {
  need(2);
  return stack_[stack_.size() - 2];
}

Value Machine::finish() {
  if (!marks_.empty()) fail("a mark is left over at the end");
  return take();
}

void Machine::text(Tag tag, std::span<const std::byte> bytes) {
  push(document_.text(tag, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

void Machine::unsigned_integer(std::uint64_t value) {
  std::array<std::byte, 9> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(value >> (8 * i));
  big_integer(bytes);
}

void Machine::add_items(const Value& target, std::span<const Value> items) {
  switch (target.tag()) {
    case Tag::list:
    case Tag::set:
      return document_.append(target.sequence(), items);
    case Tag::instance:
      return document_.append(target.instance().items, items);
    default:
      fail("items are given to something that holds none");
  }
}

Dict& Machine::entries_of(const Value& target) {
  if (target.tag() == Tag::dict) return target.dict();
  if (target.tag() == Tag::instance) return target.instance().entries;
  fail("keys and values are given to something that holds none");
}

void Machine::append() {
  need(2);
  add_items(stack_[stack_.size() - 2], {&stack_.back(), 1});
  stack_.pop_back();
}

void Machine::appends() {
  const std::span<const Value> items = above_mark();
  const std::size_t mark = marks_.back();
  marks_.pop_back();
  if (mark == fence()) underflow();
  add_items(stack_[mark - 1], items);
  stack_.resize(mark);
}

void Machine::setitem() {
  need(3);
  document_.append(entries_of(stack_[stack_.size() - 3]), {&stack_[stack_.size() - 2], 2});
  stack_.resize(stack_.size() - 2);
}

void Machine::setitems() {
  const std::span<const Value> items = above_mark();
  const std::size_t mark = marks_.back();
  marks_.pop_back();
  if (mark == fence()) underflow();
  if (items.size() % 2 != 0) fail("a key of a dict has no value");
  document_.append(entries_of(stack_[mark - 1]), items);
  stack_.resize(mark);
}

void Machine::sequence_from_mark(Tag tag) {
  auto* const node = document_.make<Sequence>();
  document_.append(*node, above_mark());
  drop_mark();
  push(Value::sequence(tag, node));
}

void Machine::end_tuple(std::size_t size) {
  if (size > 3) return sequence_from_mark(Tag::tuple);
  need(size);
  auto* const node = document_.make<Sequence>();
  document_.append(*node, std::span<const Value>(stack_).last(size));
  stack_.resize(stack_.size() - size);
  push(Value::sequence(Tag::tuple, node));
}

void Machine::dict_from_mark() {
  const std::span<const Value> items = above_mark();
  if (items.size() % 2 != 0) fail("a key of a dict has no value");
  auto* const node = document_.make<Dict>();
  document_.append(*node, items);
  drop_mark();
  push(Value::dict(node));
}

void Machine::push_global(Value module, Value name) {
  const GlobalName present = present_name({module.text(), name.text()});
  if (present.module.data() != module.text().data()) {
    module = document_.text(Tag::str, present.module);
    name = document_.text(Tag::str, present.name);
  }
  auto* const node = document_.make<Global>();
  *node = {module, name, known_global(module.text(), name.text())};
  push(Value::global(node));
}

void Machine::global(std::string_view module, std::string_view name) {
  const Value kept = document_.text(Tag::str, module);
  push_global(kept, document_.text(Tag::str, name));
}

void Machine::stack_global() {
  const Value name = take();
  const Value module = take();
  if (name.tag() != Tag::str || module.tag() != Tag::str) fail("the name of a class is no str");
  push_global(module, name);
}

void Machine::reduce() {
  const Value arguments = take();
  const Value callable = take();
  const std::span<const Value> values = arguments_of(arguments);
  if (callable.tag() == Tag::global) {
    const std::optional<Value> made = make_known(document_, callable.global(), values);
    if (made) return push(*made);
  }
  auto* const node = document_.make<Instance>();
  node->callable = callable;
  node->arguments = arguments;
  push(Value::instance(node));
}

void Machine::instance_from_mark(std::string_view module, std::string_view name) {
  sequence_from_mark(Tag::tuple);
  const Value arguments = take();
  global(module, name);
  push(arguments);
  reduce();
}

void Machine::instance_from_mark() {
  const std::span<const Value> items = above_mark();
  if (items.empty()) fail("an instance without a class");
  const Value callable = items[0];
  stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()));
  sequence_from_mark(Tag::tuple);
  const Value arguments = take();
  push(callable);
  push(arguments);
  reduce();
}

void Machine::newobj() {
  auto* const node = document_.make<Instance>();
  node->kind = Instance::Kind::newobj;
  node->arguments = take();
  arguments_of(node->arguments);
  node->callable = take();
  push(Value::instance(node));
}

void Machine::newobj_ex() {
  const Value keywords = take();
  if (keywords.tag() != Tag::dict) fail("the keyword arguments of a call are no dict");
  newobj();
  top().instance().keywords = keywords;
}

void Machine::build() {
  const Value state = take();
  const Value target = top();
  switch (target.tag()) {
    case Tag::instance:
      target.instance().state = state;
      target.instance().has_state = true;
      return;
    case Tag::array:
      return set_array_state(document_, target.array(), state);
    case Tag::dtype:
      target.type() = with_state(document_, target.type(), state);
      return;
    default:
      fail("a state is given to something that has none");
  }
}

void Machine::push_array(const Array& array, bool scalar) {
  const bool is_shared =
      arrays_ == Arrays::borrowed || (array.data.use_count() > 0 && !array.writable);
  const bool is_columns = array.is_contiguous(Order::F) && !array.is_contiguous(Order::C);
  ArrayNode* const node = document_.make_array();
  node->array = is_shared ? array : copy(array, is_columns ? Order::F : Order::C);
  node->scalar = scalar;
  push(Value::array(node));
}

void Machine::pop() {
  if (stack_.size() == fence() && !marks_.empty()) {
    marks_.pop_back();
  } else {
    take();
  }
}

void Machine::pop_mark() {
  above_mark();
  drop_mark();
}

void Machine::memoize(std::size_t index) {
  if (index == memo_.size()) {
    memoize();
  } else if (index < memo_.size()) {
    memo_[index] = top();
  } else {
    sparse_memo_[index] = top();
  }
}

void Machine::get(std::size_t index) {
  if (index < memo_.size()) return push(memo_[index]);
  const auto found = sparse_memo_.find(index);
  if (found == sparse_memo_.end()) fail("there is nothing at memo index " + std::to_string(index));
  push(found->second);
}

}  // namespace joblib::detail
