// The only source of the library joblib_main, which the linker option --wrap=main puts in front of
// a program's main. Compiled without link-time optimisation, which doesn't know of the wrapping.

#include "joblib/process/worker_main.hpp"

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names
extern "C" int __real_main(int argc, char** argv, char** environment);
extern "C" int __wrap_main(int argc, char** argv, char** environment);

extern "C" int __wrap_main(int argc, char** argv, char** environment) {
  joblib::worker_main(argc, argv);
  return __real_main(argc, argv, environment);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
