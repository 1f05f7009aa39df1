// How far a call has come: a progress bar, a function of one's own, joblib's messages.

#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>

using joblib::delayed, joblib::Parallel, joblib::Progress;

int square(int x) { return x * x; }

int main() {
  // [bar]
  Parallel({.n_jobs = 2, .on_progress = joblib::progress_bar({.label = "squares"})})
      .map(square, std::views::iota(0, 1000));
  // [bar]

  // [callback]
  auto tell = [](const Progress& progress) {
    if (progress.completed % 25 == 0 || progress.finished) {
      std::cout << progress.completed << " of " << *progress.total << '\n';
    }
  };
  Parallel({.n_jobs = 2, .on_progress = tell}).map(square, std::views::iota(0, 100));
  // [callback]

  // [verbose]
  Parallel({.n_jobs = 2, .verbose = 5})(std::views::iota(0, 12) |
                                        std::views::transform(delayed(square)));
  // [verbose]
}
