// The program joblib-worker <library> <build identity> <offset>: a worker of a foreign host. It
// loads the library and calls the function there that serves the host. It is linked to no joblib:
// the library may have another version of it.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include <dlfcn.h>
#include <link.h>

#include "joblib/core/detail/code_module.hpp"

namespace {

int fail(const std::string& why) {
  std::fprintf(stderr, "joblib-worker: %s\n", why.c_str());
  return 1;
}

int run(const std::string& path, const std::string& build_id, const std::string& offset) {
  // Lazily: what the tasks don't need of the host need not be here.
  void* const library = ::dlopen(path.c_str(), RTLD_LAZY);
  link_map* loaded = nullptr;
  if (library == nullptr || ::dlinfo(library, RTLD_DI_LINKMAP, &loaded) != 0)
    return fail(::dlerror());
  const std::uintptr_t address = loaded->l_addr + std::stoull(offset);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of a program are numbers
  void* const code = reinterpret_cast<void*>(address);
  if (joblib::detail::module_of(code).build_id != build_id)
    return fail("'" + path + "' is not what the parent has loaded: its build identity differs");
  reinterpret_cast<void (*)()>(code)();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return fail("programs that use joblib start it; it is of no use by itself");
  try {
    return run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
