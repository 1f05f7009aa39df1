// error: (deleted|implicitly-deleted)
#include "joblib/parallel.hpp"

int main() {
  const auto task = joblib::delayed([](int i) { return i; })(1);
  auto results = joblib::Parallel().generator(std::vector{task, task});
#ifdef JOBLIB_CONTROL
  auto other = std::move(results);
#else
  auto other = results;
#endif
  for (auto&& result : other) static_cast<void>(result);
}
