// Tasks are taken from their range while others run: how far ahead, and how many at a time.

#include <algorithm>
#include <atomic>
#include <barrier>
#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>
#include <stdexcept>
#include <vector>

using joblib::delayed, joblib::Parallel;

int square(int x) { return x * x; }

void read_a_little_ahead() {
  // [lazy]
  std::atomic<int> done = 0;
  int made = 0;
  int ahead = 0;
  auto endless = std::views::iota(0) | std::views::transform([&](int i) {  // one thread at a time
                   ahead = std::max(ahead, ++made - done);
                   return delayed([&done, i] {
                     ++done;
                     if (i == 1000) throw std::runtime_error("enough");
                   })();
                 });
  try {
    Parallel({.n_jobs = 2, .pre_dispatch = "2*n_jobs", .batch_size = 1})(endless);
  } catch (const std::runtime_error& error) {
    std::cout << error.what() << ", never more than " << ahead << " tasks ahead\n";
  }
  // [lazy]
}

void take_batches() {
  // [batches]
  std::vector<int> squares = Parallel({.n_jobs = 2, .pre_dispatch = "all", .batch_size = 100})(
      std::views::iota(0, 1000) | std::views::transform(delayed(square)));
  // [batches]
  std::cout << squares.size() << " squares, the last is " << squares.back() << '\n';
}

void wait_for_each_other() {
  // [waiting]
  std::barrier meeting(2);
  Parallel({.n_jobs = 2, .batch_size = 1})
      .map([&](int) { meeting.arrive_and_wait(); }, std::views::iota(0, 4));
  // [waiting]
  std::cout << "met twice\n";
}

int main() {
  read_a_little_ahead();
  take_batches();
  wait_for_each_other();
}
