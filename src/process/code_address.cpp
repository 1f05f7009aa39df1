#include "joblib/process/code_address.hpp"

#include <span>
#include <vector>

#include <link.h>

#include "joblib/core/detail/code_module.hpp"
#include "joblib/core/error.hpp"

namespace joblib::detail {
namespace {

struct Segment {
  const std::byte* begin;
  const std::byte* end;
  const std::byte* module;
};

// The executable segments of all modules, and where each module begins.
std::vector<Segment> executable_segments() {
  std::vector<Segment> segments;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        const std::byte* module = nullptr;
        for (const ElfW(Phdr) & header : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
          if (header.p_type != PT_LOAD) continue;
          // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of a program are numbers
          const auto* begin = reinterpret_cast<const std::byte*>(info->dlpi_addr + header.p_vaddr);
          if (module == nullptr) module = begin;
          if ((header.p_flags & PF_X) != 0)
            static_cast<std::vector<Segment>*>(data)->push_back(
                {begin, begin + header.p_memsz, module});
        }
        return 0;
      },
      &segments);
  return segments;
}

}  // namespace

CodeAddress code_address_of(const void* function) {
  const auto* const code = static_cast<const std::byte*>(function);
  for (const Segment& segment : executable_segments()) {
    if (code < segment.begin || code >= segment.end) continue;
    std::string build_id = module_of(code).build_id;
    if (build_id.empty()) {
      throw Error(errc::unsupported,
                  "functions of a program without a build identity can't be named to other "
                  "processes: link it with -Wl,--build-id");
    }
    return {std::move(build_id), static_cast<std::uint64_t>(code - segment.module)};
  }
  throw Error(errc::invalid_argument, "the address of the function lies in no loaded module");
}

const void* function_at(const CodeAddress& address) {
  for (const Segment& segment : executable_segments()) {
    const auto begin = static_cast<std::uint64_t>(segment.begin - segment.module);
    const auto end = static_cast<std::uint64_t>(segment.end - segment.module);
    if (address.offset < begin || address.offset >= end) continue;
    if (module_of(segment.begin).build_id == address.build_id)
      return segment.module + address.offset;
  }
  throw Error(errc::not_found, "no module with the build identity '" + address.build_id +
                                   "' has such a function here: is it the same program?");
}

}  // namespace joblib::detail
