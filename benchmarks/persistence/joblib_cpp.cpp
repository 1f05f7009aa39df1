#include <boost/describe.hpp>
#include <joblib/persistence.hpp>

#include "cases.hpp"

namespace bench {
BOOST_DESCRIBE_STRUCT(Record, (), (id, value, name, flag, count))
}  // namespace bench

int main(int argc, char** argv) {
  using Values = std::vector<double>;
  using Records = std::vector<bench::Record>;
  using bench::fs::path;
  using joblib::ndarray;
  const bench::Cases cases(argc, argv);
  const auto dump = [](const auto& value, const path& file) { joblib::dump(value, file); };

  cases.array("joblib-cpp", dump,
              [](const path& file) { return joblib::load<ndarray<double>>(file); });
  cases.array_load("array_load_vector", "joblib-cpp", dump,
                   [](const path& file) { return joblib::load<Values>(file); });
  cases.array_map("joblib-cpp", dump, [](const path& file) {
    return joblib::load<ndarray<const double>>(file, {.mmap_mode = joblib::MmapMode::r});
  });
  for (const int n_threads : {1, 2}) {
    cases.compress(
        "joblib-cpp, threads: " + std::to_string(n_threads), n_threads,
        [&](const Values& values, const path& file) {
          joblib::dump(values, file,
                       {.compress = {cases.format(), cases.level()}, .n_threads = n_threads});
        },
        [&](const path& file) {
          return joblib::load<ndarray<double>>(file, {.n_threads = n_threads});
        });
  }
  if (cases.name() == "records") {
    const Records records = bench::make_records();
    cases.records("", "joblib-cpp", records, dump,
                  [](const path& file) { return joblib::load<Records>(file); });
    cases.records("_any", "joblib-cpp, Object", joblib::loads(joblib::dumps(records)), dump,
                  [](const path& file) { return joblib::load(file); });
  }
}
