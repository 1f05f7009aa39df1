#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "joblib/core/error.hpp"
#include "joblib/process/detail/message.hpp"
#include "process/children.hpp"

namespace joblib::test {

inline bytes reply_to(std::span<const std::byte> request) {
  const std::string_view text(reinterpret_cast<const char*>(request.data()), request.size());
  const auto crash = [](int signal) {
    std::signal(signal, SIG_DFL);  // sanitizers handle some
    std::raise(signal);
  };
  if (request.size() > 100) return bytes(request);
  if (text == "id") return bytes(std::to_string(::getpid()));
  if (text == "descriptors") return bytes(std::to_string(open_descriptors()));
  if (text == "interrupt") std::raise(SIGINT);
  if (text == "segfault") crash(SIGSEGV);
  if (text == "abort") crash(SIGABRT);
  if (text == "kill") std::raise(SIGKILL);
  if (text == "exit") ::_exit(3);
  if (text.starts_with("hang ")) {
    std::filesystem::create_directory(text.substr(5));
    for (;;) ::pause();
  }
  if (text.starts_with("meet ")) {  // so many, each in another process
    const std::filesystem::path folder = text.substr(7);
    std::filesystem::create_directory(folder / std::to_string(::getpid()));
    const auto here = [&] {
      return std::distance(std::filesystem::directory_iterator(folder), {});
    };
    while (here() < text[5] - '0') std::this_thread::yield();
  }
  if (text == "hang") {
    for (;;) ::pause();
  }
  if (text == "leak") {
    static std::vector<std::string> kept;
    kept.emplace_back(320'000'000, 'x');
  }
  if (text == "few files") {
    const rlimit limit = {50, 50};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (text == "error") throw Error(errc::not_found, "there is none");
  if (text == "fork and die") {
    if (::fork() == 0) {
      for (const int fd : {0, 1, 2}) ::close(fd);
      ::alarm(60);
      for (;;) ::pause();
    }
    std::raise(SIGKILL);
  }
  if (text.starts_with("variable ")) {
    const char* const value = std::getenv(std::string(text.substr(9)).c_str());
    return bytes(value == nullptr ? "(none)" : value);
  }
  return bytes(request);
}

/// What the workers of the tests do: they echo a request, but for some commands.
inline detail::Message obey(const detail::Message& request) {
  return {.payload = reply_to(request.payload), .files = request.files};
}

/// Waits until a worker is busy with "hang <path>".
inline void wait_for(const std::filesystem::path& path) {
  while (!std::filesystem::exists(path)) std::this_thread::yield();
}

}  // namespace joblib::test
