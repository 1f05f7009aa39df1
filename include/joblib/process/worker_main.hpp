#pragma once

namespace joblib {

/// Turns this process into a worker if joblib started it as one: runs tasks until its parent ends
/// it, and never returns. In any other process it returns 0 at once. Programs that CMake or
/// pkg-config links to joblib call it by themselves, before main; where something else does the
/// linking, main has to begin with it, or else backends of processes throw an Error.
int worker_main(int argc, char** argv);

namespace detail {

// What workers are called: argv[0] of this program. Null as long as worker_main hasn't been called:
// a process started from the same program might then do anything, but it would be no worker.
const char* worker_name();

// What joblib-worker calls in the library that a foreign host has loaded. Returns only where joblib
// hasn't started the process.
void work_for_host();
bool works_for_foreign_host();

// The environment variable that makes a process a worker holds the token, and this descriptor is
// its socket.
inline constexpr const char* worker_mark = "JOBLIB_WORKER_TOKEN";
inline constexpr int worker_socket = 3;

}  // namespace detail

}  // namespace joblib
