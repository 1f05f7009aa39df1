#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

struct dl_phdr_info;  // of <link.h>

namespace joblib::detail {

/// The executable or shared library that holds some code.
struct CodeModule {
  std::string path;      ///< of its file
  std::string build_id;  ///< hexadecimal; empty where the linker was not asked for one
};

/// The path of the running program's own module.
inline constexpr const char* program_path = "/proc/self/exe";

using ModuleVisitor = std::function<bool(const dl_phdr_info&)>;

/// Calls `visit` with the running program and what it has loaded, until that returns true. Nothing
/// in this library calls dl_iterate_phdr but by this function: a thread that is in there holds a
/// lock of the loader that the child of another thread's fork would never see released. `visit`
/// must lock no ForkSafeMutex, and neither load nor unload anything.
void visit_modules(const ModuleVisitor& visit);

/// The build identity of a module that visit_modules visits.
std::string build_id_of(const dl_phdr_info& module);

/// Where `code`, the address of a function, belongs. Throws Error if it lies in no module.
CodeModule module_of(const void* code);

/// The text that a mangled name stands for; itself where it is none.
std::string demangled(const char* name);

/// "features::costly" of "features::costly(int, double)" or "int features::costly<int>(int)";
/// "outer(int)::Inner::f" of "outer(int)::Inner::f(double)".
std::string without_parameters(std::string_view name);

/// What a function is called, by the symbol table of its module.
struct FunctionNames {
  /// As in C++, without parameters, of all functions that begin at this address: "costly",
  /// "features::costly". None where the table has been stripped.
  std::vector<std::string> names = {};
  /// No other function of the module has the same symbol; those of single files may.
  bool are_unique = true;
};

/// Throws Error as module_of does.
FunctionNames names_of_function(const void* code);

}  // namespace joblib::detail
