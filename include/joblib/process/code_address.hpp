#pragma once

#include <cstdint>
#include <string>

namespace joblib::detail {

/// A function that other processes of the same program can find, wherever they have loaded it: its
/// module (the program or a shared library), and the offset there. No key for a cache: linkers may
/// fold identical functions.
struct CodeAddress {
  /// The build identity, hexadecimal. From a program that isn't its own worker, a blank and the
  /// path of a shared library follow, which workers load.
  std::string module;
  std::uint64_t offset = 0;

  bool operator==(const CodeAddress&) const = default;
};

/// Throws Error where the module has no build identity, or the address lies in no module.
CodeAddress code_address_of(const void* function);

/// Throws Error where no such module is loaded, nor can be by a worker of a foreign host, or the
/// offset is no code of it.
const void* function_at(const CodeAddress& address);

/// The build identity of the running program; empty where the linker was not asked for one.
std::string program_build_id();

}  // namespace joblib::detail
