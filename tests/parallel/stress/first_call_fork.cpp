// Forks while another thread makes the process's very first call: what the library makes then must
// not stay half-made in the child.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <ranges>
#include <thread>
#include <vector>

#include "joblib/parallel.hpp"
#include "parallel/stress/sanitizers.hpp"

namespace joblib::test {
namespace {

bool calls_are_right() {
  const auto twice = [](int i) { return 2 * i; };
  const std::vector<int> all = Parallel({.n_jobs = -1}).map(twice, std::views::iota(0, 40));
  const std::vector<int> three = Parallel({.n_jobs = 3}).map(twice, std::views::iota(0, 40));
  return all.size() == 40 && three.size() == 40 && three[39] == 78;
}

// The exit code of a child that runs `main`; a child that hangs is ended by alarm.
template <class Main>
int run_child(Main main) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(main());
  }
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

int fork_during_first_call(int spins) {
  std::atomic<bool> begun = false;
  std::atomic<bool> over = false;
  std::jthread user([&] {
    begun = true;
    begun.notify_one();
    while (!over) calls_are_right();
  });
  begun.wait(false);
  for (std::atomic<int> i = 0; i < spins; ++i) {
  }
  const int result = run_child([] {
    const bool well = calls_are_right();
    shutdown();
    return well && calls_are_right() ? 0 : 1;
  });
  over = true;
  return result;
}

int run() {
  // The first one's children can't start threads, and may find the other one's allocator locked.
  if (thread_sanitizer || address_sanitizer) return 0;
  const auto seed = std::random_device()();
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> spins(0, 30'000);  // a first call takes about as long
  for (int round = 0; round < 200; ++round) {
    const int spin = spins(random);
    const int result = run_child([&] { return fork_during_first_call(spin); });
    if (result != 0) {
      std::cerr << "round " << round << " of seed " << seed << ", " << spin << " spins: " << result
                << '\n';
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace joblib::test

int main() { return joblib::test::run(); }
