#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "joblib/io/file.hpp"
#include "joblib/process/worker.hpp"

namespace joblib::detail {

// The two ends of a connection.
std::pair<FileDescriptor, FileDescriptor> connected_sockets();

// 32 hexadecimal digits that nobody can guess.
std::string random_token();

// This process's program, or joblib-worker.
struct WorkerProgram {
  std::string path;
  std::vector<std::string> arguments;
};

// What this process starts as its workers. Throws Error as foreign_worker_command does.
WorkerProgram worker_program();

// Starts a worker, which gets `socket`, `outputs` as
// its streams 1 and 2, the standard input and no other descriptor. Returns its id. Throws Error if
// the system refuses.
int spawn_worker(const WorkerProgram& program, int socket, const std::array<int, 2>& outputs,
                 const std::string& token, const Environment& environment);

}  // namespace joblib::detail
