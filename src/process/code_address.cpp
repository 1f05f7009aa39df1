#include "joblib/process/code_address.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>

#include "foreign_host.hpp"
#include "joblib/core/detail/code_module.hpp"
#include "joblib/core/error.hpp"
#include "joblib/process/worker_main.hpp"

namespace joblib::detail {
namespace {

// A loaded program or shared library; its addresses are relative to `base`.
struct Module {
  struct Segment {
    std::uintptr_t begin;
    std::uintptr_t size;

    bool contains(std::uint64_t offset) const { return offset >= begin && offset - begin < size; }
  };

  std::uintptr_t base;
  std::vector<Segment> code = {};

  explicit Module(const dl_phdr_info& info) : base(info.dlpi_addr) {
    for (const ElfW(Phdr) & header : std::span(info.dlpi_phdr, info.dlpi_phnum)) {
      if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0)
        code.push_back({header.p_vaddr, header.p_memsz});
    }
  }

  bool has_code_at(std::uint64_t offset) const {
    return std::ranges::any_of(code, [&](const Segment& part) { return part.contains(offset); });
  }
};

// NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of a program are numbers
const void* pointer(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }

std::vector<Module> loaded_modules() {
  std::vector<Module> modules;
  visit_modules([&](const dl_phdr_info& info) {
    Module module(info);
    if (!module.code.empty()) modules.push_back(std::move(module));
    return false;
  });
  return modules;
}

// Null where the module isn't loaded.
const void* find_function(const std::string& build_id, std::uint64_t offset) {
  if (build_id.empty()) return nullptr;
  std::optional<Module> found;
  visit_modules([&](const dl_phdr_info& module) {
    if (build_id_of(module) != build_id) return false;
    found.emplace(module);
    return true;
  });
  if (!found) return nullptr;
  if (found->has_code_at(offset)) return pointer(found->base + offset);
  throw Error(errc::corrupt_data, "No function begins at offset " + std::to_string(offset) +
                                      " of the module " + build_id + ": the task is damaged");
}

}  // namespace

CodeAddress code_address_of(const void* function) {
  const auto address = reinterpret_cast<std::uintptr_t>(function);
  const auto modules = loaded_modules();
  const auto module = std::ranges::find_if(
      modules, [&](const Module& each) { return each.has_code_at(address - each.base); });
  if (module == modules.end()) {
    throw Error(
        errc::invalid_argument,
        "A function can't be sent to other processes: its address is no code of the program "
        "or of a shared library");
  }
  // Asked at the beginning of the code: a program's stub of a library's function is the program's.
  auto [path, build_id] = module_of(pointer(module->base + module->code.front().begin));
  if (build_id.empty()) {
    throw Error(errc::unsupported, "Functions of '" + path +
                                       "' can't be sent to other processes: it has no build "
                                       "identity. Link it with -Wl,--build-id");
  }
  if (path != program_path && has_foreign_host())
    build_id += ' ' + std::filesystem::absolute(path).string();
  return {std::move(build_id), address - module->base};
}

const void* function_at(const CodeAddress& address) {
  const std::size_t blank = address.module.find(' ');
  const std::string build_id = address.module.substr(0, blank);
  if (const void* const function = find_function(build_id, address.offset)) return function;
  const std::string missing =
      "The module with the build identity '" + build_id +
      "' is not loaded in this process, so its functions can't be called here. ";
  if (!works_for_foreign_host()) {
    throw Error(errc::not_found, missing + "Have it linked to the program, or loaded before main");
  }
  if (blank == std::string::npos) {
    throw Error(errc::not_found,
                missing +
                    "It is the program: for its own functions to be tasks in workers, its "
                    "main has to begin with joblib::worker_main(argc, argv)");
  }
  if (::dlopen(address.module.c_str() + blank + 1, RTLD_LAZY) == nullptr)
    throw Error(errc::not_found, missing + ::dlerror());
  if (const void* const function = find_function(build_id, address.offset)) return function;
  throw Error(errc::not_found,
              missing + "'" + address.module.substr(blank + 1) + "' has been changed");
}

std::string program_build_id() { return module_of(pointer(getauxval(AT_ENTRY))).build_id; }

}  // namespace joblib::detail
