#include "joblib/process/code_address.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <link.h>
#include <sys/auxv.h>

#include "joblib/core/detail/code_module.hpp"
#include "joblib/core/error.hpp"

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
  std::vector<Segment> code;

  bool has_code_at(std::uint64_t offset) const {
    return std::ranges::any_of(code, [&](const Segment& part) { return part.contains(offset); });
  }
};

// NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of a program are numbers
const void* pointer(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }

std::vector<Module> loaded_modules() {
  std::vector<Module> modules;
  const auto add = [](dl_phdr_info* info, std::size_t, void* data) {
    Module module{.base = info->dlpi_addr, .code = {}};
    for (const ElfW(Phdr) & header : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
      if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0)
        module.code.push_back({header.p_vaddr, header.p_memsz});
    }
    if (!module.code.empty()) static_cast<decltype(modules)*>(data)->push_back(std::move(module));
    return 0;
  };
  dl_iterate_phdr(add, &modules);
  return modules;
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
  return {std::move(build_id), address - module->base};
}

const void* function_at(const CodeAddress& address) {
  for (const Module& module : loaded_modules()) {
    if (address.build_id.empty() ||
        module_of(pointer(module.base + module.code.front().begin)).build_id != address.build_id)
      continue;
    if (module.has_code_at(address.offset)) return pointer(module.base + address.offset);
    throw Error(errc::corrupt_data, "No function begins at offset " +
                                        std::to_string(address.offset) + " of the module " +
                                        address.build_id + ": the task is damaged");
  }
  throw Error(errc::not_found,
              "The module with the build identity '" + address.build_id +
                  "' is not loaded in this process, so its functions can't be called here. Have "
                  "it linked to the program, or loaded before main");
}

std::string program_build_id() { return module_of(pointer(getauxval(AT_ENTRY))).build_id; }

}  // namespace joblib::detail
