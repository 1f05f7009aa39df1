#include <csignal>
#include <iostream>
#include <joblib/parallel.hpp>
#include <numeric>
#include <ranges>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

using joblib::delayed, joblib::Parallel;

// [function]
double norm(const std::vector<double>& values, double power) {
  return power * std::accumulate(values.begin(), values.end(), 0.0);
}
// [function]

// [licence]
std::string licence;
void get_licence() { licence = "licence of " + std::to_string(getpid()); }
// [licence]

void kept() {
  // [kept]
  const std::vector<double> values(100'000, 0.5);
  Parallel parallel({.n_jobs = 2, .backend = "loky"});
  const auto [one, two] =
      parallel(delayed(norm)(std::cref(values), 1.0), delayed(norm)(std::cref(values), 2.0));
  std::cout << one << ' ' << two << '\n';
  // [kept]
}

void initializer() {
  // [initializer]
  Parallel parallel(
      {.n_jobs = 2, .backend = "loky", .backend_options = {{"initializer", get_licence}}});
  const auto seen = parallel.map([](int) { return licence; }, std::views::iota(0, 100));
  std::cout << (std::set(seen.begin(), seen.end()).contains("") ? "none" : "all have one") << '\n';
  // [initializer]
}

void crash() {
  // [crash]
  const auto risky = [](int i) {
    if (i == 2) std::raise(SIGKILL);
    return i * i;
  };
  const auto outcomes = Parallel({.n_jobs = 2, .backend = "loky", .batch_size = 1})
                            .outcomes(std::views::iota(0, 4) | std::views::transform([&](int i) {
                                        return delayed(risky)(i);
                                      }));
  for (const auto& outcome : outcomes) {
    try {
      std::cout << outcome.value() << '\n';
    } catch (const joblib::TerminatedWorkerError&) {
      std::cout << "its worker died\n";
    }
  }
  // [crash]
}

int main() {
  kept();
  initializer();
  crash();
}
