#pragma once

#include <string>
#include <vector>

// A foreign host is a program that knows nothing of joblib and has loaded a library that does: a
// plug-in's host, or Python. What serves its workers is that library, in the program joblib-worker.

namespace joblib::detail {

// Whether this process is one, or a worker of one.
bool has_foreign_host();

// What it starts as a worker: the path of joblib-worker, then its arguments. Throws Error where
// there is no such program.
std::vector<std::string> foreign_worker_command();

// The build identity of what a worker has in common with its parent: of the program, or, where that
// is foreign, of the library that holds this function.
std::string common_build_id();

}  // namespace joblib::detail
