#pragma once

#include <string>
#include <utility>

#include "joblib/io/file.hpp"
#include "joblib/process/worker.hpp"

namespace joblib::detail {

// The two ends of a connection.
std::pair<FileDescriptor, FileDescriptor> connected_sockets();

// 32 hexadecimal digits that nobody can guess.
std::string random_token();

// Starts this process's program as a worker, which gets `socket`, the standard streams and no other
// descriptor. Returns its id. Throws Error if the system refuses.
int spawn_worker(int socket, const std::string& token, const Environment& environment);

// A descriptor of a child process. Throws Error if the system refuses.
FileDescriptor open_process(int id);

bool has_ended(const FileDescriptor& process) noexcept;

// Kills a process, unless it has ended.
void kill_process(const FileDescriptor& process) noexcept;

// Waits until a child process has ended, and removes what is left of it: "SIGKILL(-9)", "EXIT(3)",
// "UNKNOWN(255)" where somebody else has done that.
std::string wait_for_exit_code(const FileDescriptor& process);

}  // namespace joblib::detail
