// A program that isn't linked to the hook in front of main: its workers run all of this, too, up to
// the call of worker_main, and must not start workers of their own before.

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "joblib/core/error.hpp"
#include "joblib/process/worker.hpp"
#include "joblib/process/worker_main.hpp"

namespace {

using joblib::bytes;
using joblib::detail::Message;

Message echo(const Message& request) { return request; }

void check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "not true: %s\n", what);
  std::exit(1);
}

bool starts_no_workers() {
  try {
    joblib::detail::WorkerProcess worker(&echo, {});
  } catch (const joblib::Error& error) {
    return error.code() == joblib::errc::unsupported &&
           std::string_view(error.what()).find("worker_main") != std::string_view::npos;
  }
  return false;
}

const bool none_before_main = starts_no_workers();

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): in place of that of
// joblib_main
extern "C" int __real_main(int argc, char** argv, char** environment);
extern "C" int __wrap_main(int argc, char** argv, char** environment);
extern "C" int __wrap_main(int argc, char** argv, char** environment) {
  return __real_main(argc, argv, environment);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

int main(int argc, char** argv) {
  check(none_before_main, "static initialisation starts no workers");
  check(starts_no_workers(), "main starts no workers before worker_main");
  joblib::worker_main(argc, argv);
  joblib::detail::WorkerProcess worker(&echo, {});
  check(worker.call({.payload = bytes("hello")}, {}).payload.view() == "hello",
        "a worker answers after worker_main");
  return 0;
}
