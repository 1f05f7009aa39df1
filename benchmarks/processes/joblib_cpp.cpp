#include <algorithm>
#include <functional>
#include <joblib/parallel.hpp>
#include <ranges>
#include <span>
#include <string>
#include <vector>

#include "cases.hpp"

namespace {

int same(int i) { return i; }
void on_first_core() { bench::keep_on_core(0); }
void on_second_core() { bench::keep_on_core(1); }
double first(std::span<const double> values) { return values.front(); }
double first_of_vector(const std::vector<double>& values) { return values.front(); }

constexpr std::size_t size = bench::Cases::large / sizeof(double);
std::vector<double> make_vector(int value) { return std::vector<double>(size, value); }
// In memory that has been used before, as that which is copied elsewhere.
joblib::ndarray<double> make(int value) {
  static const joblib::ndarray<double> values({size});
  std::ranges::fill(values.span().first(1000), value);
  return values;
}

// Keeps the request of a call's only task, for calls of the pool alone.
class Recorder final : public joblib::LokyBackend {
 public:
  using LokyBackend::LokyBackend;

  joblib::bytes run(joblib::RemoteJob& job, const std::stop_token& stop) override {
    request = job.request_with_files();
    return LokyBackend::run(job, stop);
  }

  joblib::detail::Message request;
};

class Recorded final : public joblib::RemoteJob {
 public:
  explicit Recorded(joblib::detail::Message request) : request_(std::move(request)) {}
  std::string name() const override { return "task 0"; }
  const joblib::detail::Environment& environment() const override { return environment_; }
  void wait() override {}
  void begin() override {}
  joblib::bytes run() override { return joblib::run_request(request_.payload); }
  joblib::bytes request() override { return request_.payload; }
  joblib::detail::Message request_with_files() override { return request_; }
  void keep_files(joblib::detail::FileList) override {}
  void make_file() override {}

 private:
  joblib::detail::Message request_;
  joblib::detail::Environment environment_ = {};
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  const auto nothing = [] {};
  constexpr int calls = 1000;

  joblib::Parallel parallel({.n_jobs = 2, .backend = "loky"});
  const auto call_one = [&] { parallel.map(same, std::views::single(1)); };
  const auto repeat = [](auto call) {
    for (int i = 0; i < calls; ++i) call();
  };

  if (cases.name().starts_with("round_trip")) {
    const auto recorder = std::make_shared<Recorder>(joblib::LokyOptions{
        .initializer = cases.name() == "round_trip" ? on_second_core : on_first_core});
    joblib::Parallel({.n_jobs = 2, .backend = recorder}).map(same, std::views::single(1));
    Recorded job(recorder->request);
    recorder->start_call(2);
    recorder->run(job, {});  // by another worker, as its environment is another one
    on_first_core();
    cases.time(cases.name(), "joblib-cpp", calls, 1e6, nothing,
               [&] { repeat([&] { recorder->run(job, {}); }); });
    recorder->stop_call();
  }

  cases.time("call", "joblib-cpp", calls, 1e6, nothing, [&] { repeat(call_one); });
  cases.time("empty", "joblib-cpp", bench::Cases::empty_tasks, 1e6, nothing,
             [&] { parallel.map(same, std::views::iota(0, bench::Cases::empty_tasks)); });
  cases.time("start", "joblib-cpp", 1, 1e3, joblib::shutdown,
             [&] { parallel.map([](int) { return 0; }, std::views::iota(0, 2)); });

  if (!cases.has_array()) return 0;
  const std::vector<double> values(size, 1);
  const std::span<const double> array(values);
  cases.time("tasks_100", "joblib-cpp", 1, 1e3, nothing, [&] {
    parallel(std::views::iota(0, 100) |
             std::views::transform([&](int) { return joblib::delayed(first)(array); }));
  });
  cases.time("argument", "joblib-cpp", 1, 1e3, nothing,
             [&] { parallel(joblib::delayed(first)(array)); });
  cases.time("argument_vector", "joblib-cpp", 1, 1e3, nothing,
             [&] { parallel(joblib::delayed(first_of_vector)(std::cref(values))); });
  cases.time("result", "joblib-cpp", 1, 1e3, nothing,
             [&] { parallel.map(make, std::views::single(1)); });
  cases.time("result_vector", "joblib-cpp", 1, 1e3, nothing,
             [&] { parallel.map(make_vector, std::views::single(1)); });
}
