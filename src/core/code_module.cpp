#include "joblib/core/detail/code_module.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include "joblib/core/detail/c_file.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"

namespace joblib::detail {
namespace {

// Of the loader, for visits. The child of a fork gets the loader's other locks unlocked (glibc's
// fork.c).
ForkSafeMutex& loader_mutex() {
  static auto& mutex = *new ForkSafeMutex;  // never destroyed
  return mutex;
}

[[maybe_unused]] const auto& loader_mutex_made_at_load = loader_mutex();

struct Found {
  std::uintptr_t address;
  std::uintptr_t base = 0;
  std::string path = {};
  std::string build_id = {};
  bool done = false;
};

constexpr std::uintptr_t aligned(std::uintptr_t size) { return (size + 3) & ~std::uintptr_t{3}; }

// The content of the note of the GNU linker in a segment of notes.
std::string build_id_in(std::span<const char> notes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof(note));
    const std::size_t size = sizeof(note) + aligned(note.n_namesz) + aligned(note.n_descsz);
    if (size > notes.size()) break;
    const std::string_view name(notes.data() + sizeof(note), note.n_namesz);
    if (note.n_type == NT_GNU_BUILD_ID &&
        name == std::string_view(ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU))) {
      std::string text;
      for (const char byte : notes.subspan(sizeof(note) + aligned(note.n_namesz), note.n_descsz)) {
        text += digits[static_cast<unsigned char>(byte) >> 4];
        text += digits[static_cast<unsigned char>(byte) & 0xf];
      }
      return text;
    }
    notes = notes.subspan(size);
  }
  return {};
}

bool is_within(const dl_phdr_info& module, std::uintptr_t address) {
  const std::span headers(module.dlpi_phdr, module.dlpi_phnum);
  return std::ranges::any_of(headers, [&](const ElfW(Phdr) & header) {
    const std::uintptr_t begin = module.dlpi_addr + header.p_vaddr;
    return header.p_type == PT_LOAD && address >= begin && address - begin < header.p_memsz;
  });
}

std::vector<std::string> paths_of_libraries() {
  std::vector<std::string> paths;
  visit_modules([&](const dl_phdr_info& module) {
    if (module.dlpi_name[0] != '\0') paths.emplace_back(module.dlpi_name);
    return false;
  });
  return paths;
}

// In a program that isn't position independent, the address of a library's function is that of a
// stub in the program: the function itself is what its name stands for in the libraries.
const void* without_stub(const void* code) {
  Dl_info info = {};
  void* entry = nullptr;
  if (dladdr1(code, &info, &entry, RTLD_DL_SYMENT) == 0 || entry == nullptr ||
      static_cast<const ElfW(Sym)*>(entry)->st_shndx != SHN_UNDEF)
    return code;
  const auto close = [](void* library) { dlclose(library); };
  for (const std::string& path : paths_of_libraries()) {
    const std::unique_ptr<void, decltype(close)> library(
        dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD));
    if (library == nullptr) continue;
    if (const void* const function = dlsym(library.get(), info.dli_sname)) return function;
  }
  return code;
}

Found find(const void* code) {
  Found found{.address = reinterpret_cast<std::uintptr_t>(code)};
  visit_modules([&](const dl_phdr_info& module) {
    if (!is_within(module, found.address)) return false;
    found.done = true;
    found.base = module.dlpi_addr;
    found.path = module.dlpi_name[0] == '\0' ? program_path : module.dlpi_name;
    found.build_id = build_id_of(module);
    return true;
  });
  if (!found.done)
    throw Error(errc::invalid_argument, "the address of the function lies in no loaded module");
  return found;
}

// Parts of an ELF file; what lies outside of it is empty.
class ElfFile {
 public:
  explicit ElfFile(const std::string& path) : file_(open_to_read(path)) {
    if (file_ != nullptr && ::fseeko(file_.get(), 0, SEEK_END) == 0)
      size_ = static_cast<std::uint64_t>(::ftello(file_.get()));
  }

  template <class Record>
  std::vector<Record> records(std::uint64_t offset, std::uint64_t bytes) {
    if (offset > size_ || bytes > size_ - offset) return {};
    std::vector<Record> result(bytes / sizeof(Record));
    const bool is_read =
        ::fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET) == 0 &&
        std::fread(result.data(), sizeof(Record), result.size(), file_.get()) == result.size();
    return is_read ? result : std::vector<Record>();
  }

 private:
  CFile file_;
  std::uint64_t size_ = 0;
};

// A function of one file alone is called "<name>.lto_priv.<number>" where another file has one of
// this name, and the files were optimised together.
std::string_view symbol_name(std::string_view symbol) {
  return symbol.substr(0, symbol.find(".lto_priv."));
}

// Behind those that begin at this position.
std::size_t end_of_parentheses(std::string_view text, std::size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '(') ++depth;
    if (text[at] == ')' && --depth == 0) return at + 1;
  }
  return at;
}

// "features::label" of "features::label[abi:cxx11]".
std::string without_abi_tags(std::string_view name) {
  std::string result(name);
  for (std::size_t begin = 0; (begin = result.find("[abi:")) != result.npos;) {
    const std::size_t end = result.find(']', begin);
    result.erase(begin, end == result.npos ? end : end + 1 - begin);
  }
  return result;
}

}  // namespace

std::string without_parameters(std::string_view name) {
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i).starts_with("(anonymous namespace)")) {
      i += std::string_view("(anonymous namespace)").size() - 1;
      continue;
    }
    if (name[i] == '<') ++depth;
    if (name[i] == '>') --depth;
    if (depth > 0) continue;
    if (name[i] == ' ') begin = i + 1;
    if (name[i] != '(') continue;
    const std::size_t end = end_of_parentheses(name, i);
    if (!name.substr(end).starts_with("::")) return without_abi_tags(name.substr(begin, i - begin));
    i = end - 1;  // those of a function around this one
  }
  return without_abi_tags(name.substr(begin));
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : name;
}

void visit_modules(const ModuleVisitor& visit) {
  const auto call = [](dl_phdr_info* module, std::size_t, void* visitor) {
    return (*static_cast<const ModuleVisitor*>(visitor))(*module) ? 1 : 0;
  };
  const std::lock_guard lock(loader_mutex());
  dl_iterate_phdr(call, const_cast<ModuleVisitor*>(&visit));
}

std::string build_id_of(const dl_phdr_info& module) {
  std::string build_id;
  for (const ElfW(Phdr) & header : std::span(module.dlpi_phdr, module.dlpi_phnum)) {
    if (header.p_type != PT_NOTE || !build_id.empty()) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of a program are numbers
    const auto* const notes = reinterpret_cast<const char*>(module.dlpi_addr + header.p_vaddr);
    build_id = build_id_in({notes, header.p_memsz});
  }
  return build_id;
}

CodeModule module_of(const void* code) {
  Found found = find(without_stub(code));
  return {std::move(found.path), std::move(found.build_id)};
}

FunctionNames names_of_function(const void* code) {
  const Found found = find(code);
  const std::uintptr_t offset = found.address - found.base;
  ElfFile file(found.path);
  const auto header = file.records<ElfW(Ehdr)>(0, sizeof(ElfW(Ehdr)));
  if (header.empty()) return {};
  const auto sections = file.records<ElfW(Shdr)>(
      header[0].e_shoff, std::uint64_t{header[0].e_shnum} * sizeof(ElfW(Shdr)));
  std::set<std::string, std::less<>> symbols;
  bool are_unique = true;
  for (const ElfW(Shdr) & section : sections) {
    if ((section.sh_type != SHT_SYMTAB && section.sh_type != SHT_DYNSYM) ||
        section.sh_link >= sections.size())
      continue;
    const ElfW(Shdr)& strings = sections[section.sh_link];
    const auto text = file.records<char>(strings.sh_offset, strings.sh_size);
    const auto table = file.records<ElfW(Sym)>(section.sh_offset, section.sh_size);
    const auto visit_functions = [&](bool of_code, const auto& visit) {
      for (const ElfW(Sym) & symbol : table) {
        const bool is_function = (symbol.st_info & 0xf) == STT_FUNC && symbol.st_shndx != SHN_UNDEF;
        if (is_function && (symbol.st_value == offset) == of_code && symbol.st_name < text.size() &&
            text.back() == '\0')
          visit(symbol_name(text.data() + symbol.st_name));
      }
    };
    visit_functions(true, [&](std::string_view name) { symbols.emplace(name); });
    visit_functions(
        false, [&](std::string_view name) { are_unique = are_unique && !symbols.contains(name); });
  }
  FunctionNames result{.are_unique = are_unique};
  std::set<std::string> names;
  for (const std::string& symbol : symbols)
    names.insert(without_parameters(demangled(symbol.c_str())));
  result.names.assign(names.begin(), names.end());
  return result;
}
}  // namespace joblib::detail
