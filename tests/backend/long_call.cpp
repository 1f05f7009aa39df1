// long_call <backend> <folder> runs two tasks that never end. Each makes a folder in its folder
// workers, named by its process. They have an array that is in the folder arrays.

#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "joblib/parallel.hpp"

namespace {

void hang(const std::string& folder, const joblib::ndarray<const double>& /*array*/) {
  std::filesystem::create_directories(folder + "/workers/" + std::to_string(::getpid()));
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string folder = argv[2];
  const joblib::ndarray<const double> array =
      joblib::ndarray<double>::adopt(std::vector<double>(1000));
  joblib::Parallel parallel({.n_jobs = 2,
                             .backend = std::string(argv[1]),
                             .batch_size = 1,
                             .temp_folder = folder + "/arrays",
                             .max_nbytes = 100});
  parallel(joblib::delayed(hang)(folder, array), joblib::delayed(hang)(folder, array));
}
