#include "joblib/process/detail/wire.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>

#include "joblib/pickle/bytes.hpp"
#include "joblib/process/code_address.hpp"

namespace joblib::detail {

void write_function(PickleWriter& writer, const void* function) {
  const CodeAddress address = code_address_of(function);
  save(writer, std::pair(address.module, address.offset));
}

const void* read_function(Extraction& extraction, const Value& value) {
  const auto [module, offset] = extract<std::pair<std::string, std::uint64_t>>(extraction, value);
  return function_at({module, offset});
}

namespace {

// A pointer to a member function in the C++ ABI of Itanium: the address of a function, or the place
// in the table of virtual ones; what tells them apart is the lowest bit of one of the words.
struct MemberFunction {
  std::uintptr_t function;
  std::ptrdiff_t adjustment;

  bool is_function() const {
#if defined(__aarch64__) || defined(__arm__)
    return (adjustment & 1) == 0 && function != 0;
#else
    return (function & 1) == 0 && function != 0;
#endif
  }
};

}  // namespace

void write_member(PickleWriter& writer, std::span<const std::byte> pointer) {
  MemberFunction member{};
  if (pointer.size() != sizeof(member)) return writer.bytes(pointer);  // of data: an offset
  std::memcpy(&member, pointer.data(), sizeof(member));
  CodeAddress address{.module = {}, .offset = member.function};
  if (member.is_function()) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of a program are numbers
    address = code_address_of(reinterpret_cast<const void*>(member.function));
  }
  save(writer, std::tuple(address.module, address.offset, member.adjustment));
}

void read_member(Extraction& extraction, const Value& value, std::span<std::byte> pointer) {
  MemberFunction member{};
  if (pointer.size() != sizeof(member)) {
    const auto data = extract<bytes>(extraction, value);
    if (data.size() != pointer.size()) throw_mismatch("bytes of a pointer to a member", value);
    std::ranges::copy(data, pointer.begin());
    return;
  }
  const auto [module, offset, adjustment] =
      extract<std::tuple<std::string, std::uint64_t, std::ptrdiff_t>>(extraction, value);
  member = {.function = offset, .adjustment = adjustment};
  if (!module.empty())
    member.function = reinterpret_cast<std::uintptr_t>(function_at({module, offset}));
  std::memcpy(pointer.data(), &member, sizeof(member));
}

std::span<const Value> parts_of(Extraction& extraction, const Value& value, std::size_t count) {
  const auto items = items_of_list(extraction, value);
  if (!items) throw_mismatch("list or tuple", value);
  if (items->size() != count) throw_size("list or tuple", count, items->size());
  return *items;
}

}  // namespace joblib::detail
