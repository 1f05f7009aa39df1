#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <joblib/parallel.hpp>
#include <memory>
#include <ranges>
#include <string>

#include <unistd.h>

using joblib::Parallel;

// [class]
// Forked processes; tasks whose process has died get a second chance.
class Persistent final : public joblib::RemoteBackend {
 public:
  std::string_view name() const override { return "Persistent"; }

  joblib::bytes run(joblib::RemoteJob& job, const std::stop_token& stop) override {
    try {
      return processes_.run(job, stop);
    } catch (const joblib::TerminatedWorkerError& error) {
      std::clog << error.what() << ", once more\n";
      return processes_.run(job, stop);
    }
  }

  bool sends_tasks() const override { return false; }  // run() never asks for job.request()

 private:
  joblib::MultiprocessingBackend processes_;
};
// [class]

int main() {
  const auto mark =
      std::filesystem::temp_directory_path() / ("crashed_" + std::to_string(getpid()));
  const auto crashes_once = [&](int i) {
    if (i == 2 && !std::filesystem::exists(mark)) {
      std::ofstream{mark};
      std::raise(SIGKILL);
    }
    return i * i;
  };
  const auto squares = Parallel({.n_jobs = 2, .backend = std::make_shared<Persistent>()})
                           .map(crashes_once, std::views::iota(0, 4));
  std::filesystem::remove(mark);
  for (const int square : squares) std::cout << square << ' ';
  std::cout << '\n';
}
