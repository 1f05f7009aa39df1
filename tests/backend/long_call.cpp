// long_call <backend> <folder> runs two tasks that never end. Each makes a folder there, named by
// its process.

#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "joblib/parallel.hpp"

namespace {

void hang(const std::string& folder) {
  std::filesystem::create_directory(folder + '/' + std::to_string(::getpid()));
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  joblib::Parallel({.n_jobs = 2, .backend = std::string(argv[1]), .batch_size = 1})
      .map(hang, std::vector(2, std::string(argv[2])));
}
