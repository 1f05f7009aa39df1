#include "spawn.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <spawn.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "foreign_host.hpp"
#include "joblib/core/detail/code_module.hpp"
#include "joblib/io/detail/posix.hpp"
#include "joblib/process/worker_main.hpp"

namespace joblib::detail {
namespace {

constexpr const char* depth_variable = "JOBLIB_WORKER_DEPTH";

// What posix_spawn is to do in the new process before it becomes the program.
class SpawnActions {
 public:
  SpawnActions(int socket, const std::array<int, 2>& outputs) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_adddup2(&files_, socket, worker_socket);
    posix_spawn_file_actions_adddup2(&files_, outputs[0], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files_, outputs[1], STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files_, worker_socket + 1);
    // Blocked until the worker ignores it; else Ctrl-C would end a worker that is starting.
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &blocked);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }

  int spawn(pid_t& id, const std::string& program, char* const* arguments,
            char* const* environment) const {
    return ::posix_spawn(&id, program.c_str(), &files_, &attributes_, arguments, environment);
  }

 private:
  posix_spawn_file_actions_t files_ = {};
  posix_spawnattr_t attributes_ = {};
};

// "name=value" for all variables of this process and those that are added.
std::vector<std::string> environment_with(const Environment& added) {
  std::vector<std::string> result;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view variable = *each;
    if (!added.contains(std::string(variable.substr(0, variable.find('=')))))
      result.emplace_back(variable);
  }
  for (const auto& [name, value] : added) {
    std::string& variable = result.emplace_back(name);
    variable += '=';
    variable += value;
  }
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::pair<FileDescriptor, FileDescriptor> connected_sockets() {
  std::array<int, 2> ends = {};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw_io_error("make", "a connection to a worker process", errno);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::string random_token() {
  std::array<unsigned char, 16> random = {};
  if (::getrandom(random.data(), random.size(), 0) != std::ssize(random))
    throw_io_error("read", "random numbers of the system", errno);
  std::string token;
  for (const unsigned char byte : random) {
    token += "0123456789abcdef"[byte >> 4];
    token += "0123456789abcdef"[byte & 0xf];
  }
  return token;
}

int worker_depth() {
  const char* const depth = std::getenv(depth_variable);
  return depth == nullptr ? 0 : std::atoi(depth);
}

WorkerProgram worker_program() {
  if (!has_foreign_host()) return {.path = program_path, .arguments = {worker_name()}};
  std::vector<std::string> command = foreign_worker_command();
  std::string path = command[0];
  return {std::move(path), std::move(command)};
}

int spawn_worker(const WorkerProgram& program, int socket, const std::array<int, 2>& outputs,
                 const std::string& token, const Environment& environment) {
  Environment added = environment;
  added[worker_mark] = token;
  added[depth_variable] = std::to_string(worker_depth() + 1);
  std::vector<std::string> variables = environment_with(added);
  std::vector<std::string> arguments = program.arguments;
  pid_t id = 0;
  const int error =
      SpawnActions(socket, outputs)
          .spawn(id, program.path, pointers_to(arguments).data(), pointers_to(variables).data());
  if (error != 0) throw_io_error("start a worker process from", program.path, error);
  return id;
}

}  // namespace joblib::detail
