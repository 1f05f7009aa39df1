// host <library>: loads it and runs its tasks.

#include <cstdio>

#include <dlfcn.h>

int main(int, char** argv) {
  void* const library = ::dlopen(argv[1], RTLD_NOW);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", ::dlerror());
    return 1;
  }
  return reinterpret_cast<int (*)()>(::dlsym(library, "run_tasks"))();
}
