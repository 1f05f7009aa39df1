#pragma once

#include <cstdint>
#include <string>

namespace joblib::detail {

/// A function that other processes of the same program can find, wherever they have loaded it: the
/// build identity of its module, and the offset there.
struct CodeAddress {
  std::string build_id;
  std::uint64_t offset = 0;
};

/// Throws Error where the module has no build identity, or the address lies in none.
CodeAddress code_address_of(const void* function);
/// Throws Error where no such module is loaded.
const void* function_at(const CodeAddress& address);

}  // namespace joblib::detail
