#include <joblib/parallel.hpp>
#include <ranges>

#include "cases.hpp"

namespace {

int same(int i) { return i; }
int count(const std::vector<double>& values) { return static_cast<int>(values.size()); }
joblib::ndarray<double> make(int size) {
  return joblib::ndarray<double>({static_cast<std::size_t>(size)});
}

// Keeps the request of a call's only task, for calls of the pool alone.
class Recorder final : public joblib::LokyBackend {
 public:
  joblib::bytes run(joblib::RemoteJob& job, const std::stop_token& stop) override {
    request = job.request();
    return LokyBackend::run(job, stop);
  }

  joblib::bytes request;
};

class Recorded final : public joblib::RemoteJob {
 public:
  explicit Recorded(joblib::bytes request) : request_(std::move(request)) {}
  joblib::bytes run() override { return joblib::run_request(request_); }
  joblib::bytes request() override { return request_; }

 private:
  joblib::bytes request_;
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

  Recorder recorder;
  joblib::Parallel recorded(
      {.n_jobs = 2, .backend = std::shared_ptr<Recorder>(&recorder, [](Recorder*) {})});
  recorded.map(same, std::views::single(1));
  Recorded job(recorder.request);
  recorder.start_call(2);
  cases.time("round_trip", "joblib-cpp", calls, 1e6, nothing,
             [&] { repeat([&] { recorder.run(job, {}); }); });
  recorder.stop_call();

  cases.time("call", "joblib-cpp", calls, 1e6, nothing, [&] { repeat(call_one); });
  cases.time("empty", "joblib-cpp", bench::Cases::empty_tasks, 1e6, nothing,
             [&] { parallel.map(same, std::views::iota(0, bench::Cases::empty_tasks)); });
  cases.time("start", "joblib-cpp", 1, 1e3, joblib::shutdown,
             [&] { parallel.map([](int) { return 0; }, std::views::iota(0, 2)); });

  if (cases.name() != "argument" && cases.name() != "result") return 0;
  constexpr std::size_t size = bench::Cases::large / sizeof(double);
  const std::vector<double> values(size, 1);
  cases.time("argument", "joblib-cpp", 1, 1e3, nothing,
             [&] { parallel(std::views::single(joblib::delayed(count)(std::cref(values)))); });
  cases.time("result", "joblib-cpp", 1, 1e3, nothing,
             [&] { parallel.map(make, std::views::single(static_cast<int>(size))); });
}
