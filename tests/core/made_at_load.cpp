// Checks that all function-local statics of the library are made when it is loaded: one that a
// thread makes while another one forks stays half-made in the child, which then waits for ever.

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

// Of the Itanium ABI: "guard variable for", of which the first byte tells whether it is made.
constexpr std::string_view guard = "_ZGV";

std::uintptr_t load_address() {
  std::uintptr_t address = 0;
  const auto take_first = [](dl_phdr_info* module, std::size_t, void* result) {
    *static_cast<std::uintptr_t*>(result) = module->dlpi_addr;
    return 1;
  };
  dl_iterate_phdr(take_first, &address);
  return address;
}

template <class Record>
const Record* records_at(const std::string& file, std::size_t offset) {
  return reinterpret_cast<const Record*>(file.data() + offset);
}

}  // namespace

int main() {
  std::ifstream stream("/proc/self/exe", std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const auto* const header = records_at<ElfW(Ehdr)>(file, 0);
  const auto* const sections = records_at<ElfW(Shdr)>(file, header->e_shoff);
  int made = 0;
  int not_made = 0;
  for (std::size_t i = 0; i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_SYMTAB) continue;
    const auto* const symbols = records_at<ElfW(Sym)>(file, sections[i].sh_offset);
    const char* const names = file.data() + sections[sections[i].sh_link].sh_offset;
    for (std::size_t k = 0; k < sections[i].sh_size / sizeof(ElfW(Sym)); ++k) {
      const std::string_view name = names + symbols[k].st_name;
      if (!name.starts_with(guard) || name.find("6joblib") == name.npos) continue;
      const std::uintptr_t address = load_address() + symbols[k].st_value;
      // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of a program are numbers
      if (*reinterpret_cast<const volatile char*>(address) != 0) {
        ++made;
      } else {
        ++not_made;
        std::cout << name << " is not made at load\n";
      }
    }
  }
  std::cout << made << " are made at load\n";
  return made > 0 && not_made == 0 ? 0 : 1;
}
