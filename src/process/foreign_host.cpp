#include "foreign_host.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>

#include <unistd.h>

#include "joblib/core/detail/code_module.hpp"
#include "joblib/core/error.hpp"
#include "joblib/process/code_address.hpp"
#include "joblib/process/worker_main.hpp"

namespace joblib::detail {
namespace {

CodeModule own_module() { return module_of(reinterpret_cast<const void*>(&has_foreign_host)); }

std::string foreign_worker() {
  if (const char* const path = ::secure_getenv("JOBLIB_WORKER")) return path;
  const auto beside = std::filesystem::path(own_module().path).parent_path() / JOBLIB_WORKER_BESIDE;
  const std::array paths = {beside.string(), std::string(JOBLIB_WORKER_PATH)};
  for (const std::string& path : paths) {
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  throw Error(errc::unsupported,
              "Worker processes of a program that doesn't begin with joblib::worker_main need the "
              "program joblib-worker, which is neither '" +
                  paths[0] + "' nor '" + paths[1] +
                  "'. Install it with joblib, or have the environment variable JOBLIB_WORKER say "
                  "where it is");
}

}  // namespace

bool has_foreign_host() {
  if (works_for_foreign_host()) return true;
  return worker_name() == nullptr && std::getenv(worker_mark) == nullptr &&
         own_module().path != program_path;
}

std::vector<std::string> foreign_worker_command() {
  const auto [module, offset] = code_address_of(reinterpret_cast<const void*>(&work_for_host));
  const std::size_t space = module.find(' ');
  return {foreign_worker(), module.substr(space + 1), module.substr(0, space),
          std::to_string(offset)};
}

std::string common_build_id() {
  return has_foreign_host() ? own_module().build_id : program_build_id();
}

}  // namespace joblib::detail
