// error: these tasks are consumed when they run
#include <memory>

#include "joblib/parallel.hpp"

int main() {
  const auto take = [](std::unique_ptr<int> value) { return *value; };
  std::vector<decltype(joblib::delayed(take)(std::make_unique<int>()))> tasks;
  tasks.push_back(joblib::delayed(take)(std::make_unique<int>(1)));
#ifdef JOBLIB_CONTROL
  joblib::Parallel()(std::move(tasks));
#else
  joblib::Parallel()(tasks);
#endif
}
