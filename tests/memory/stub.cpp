// A program that isn't position independent: its address of a library's function is that of a stub.

#include <iostream>

#include <dlfcn.h>

#include "joblib/core/detail/code_module.hpp"
#include "named.hpp"

int main() {
  const auto* const function = reinterpret_cast<const void*>(&named::from_library);
  const std::string path = joblib::detail::module_of(function).path;
  std::cout << path << '\n';
  return path.find("memory_named") == path.npos ? 1 : 0;
}
