// Looks for the best classifier of handwritten digits: each model of a grid is judged by
// cross-validation, and each pair of a model and a fold is one task of a joblib::Parallel.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <joblib/memory.hpp>
#include <joblib/parallel.hpp>
#include <numeric>
#include <ranges>
#include <span>
#include <string>
#include <variant>
#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>

#include "cross_validation.hpp"
#include "dataset.hpp"
#include "options.hpp"

namespace digits {

namespace {

constexpr std::size_t n_folds = 5;
constexpr int seed = 2024;

std::vector<Model> make_grid() {
  std::vector<Model> grid;
  for (const float learning_rate : {0.3F, 1.0F}) {
    for (const float l2 : {0.0F, 1e-4F, 1e-3F}) {
      for (const int iterations : {100, 500}) {
        grid.push_back(
            LogisticRegression{.learning_rate = learning_rate, .l2 = l2, .iterations = iterations});
      }
    }
  }
  for (const std::size_t k : {1U, 3U, 5U, 7U, 9U, 11U}) {
    for (const Weights weights : {Weights::uniform, Weights::distance}) {
      grid.push_back(KNearestNeighbours{.k = k, .weights = weights});
    }
  }
  return grid;
}

std::string describe(const Model& model) {
  return std::visit([](const auto& chosen) { return chosen.describe(); }, model);
}

struct Search {
  xt::xtensor<double, 2> scores;  // models x folds
  double seconds;
};

// `score` is accuracy, or a function that gives the same.
template <class Score, class Data>
Search search(const Score& score, const Data& data, const std::vector<Model>& grid,
              const std::vector<Fold>& folds, int n_jobs, const std::string& backend,
              const std::string& label) {
  const auto start = std::chrono::steady_clock::now();
  joblib::Parallel parallel({.n_jobs = n_jobs,
                             .backend = backend,
                             .on_progress = joblib::progress_bar({.label = label})});
  const std::vector<double> scores =
      parallel(std::views::iota(std::size_t{0}, grid.size() * folds.size()) |
               std::views::transform([&](std::size_t i) {
                 return joblib::delayed(score)(std::cref(data), std::cref(grid[i / folds.size()]),
                                               std::cref(folds[i % folds.size()]));
               }));
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return {xt::adapt(scores, std::array{grid.size(), folds.size()}), elapsed.count()};
}

void print_table(const std::vector<Model>& grid, const xt::xtensor<double, 2>& scores) {
  const xt::xtensor<double, 1> means = xt::mean(scores, {1});
  const xt::xtensor<double, 1> deviations = xt::stddev(scores, {1});
  std::vector<std::size_t> ranking(grid.size());
  std::iota(ranking.begin(), ranking.end(), std::size_t{0});
  std::ranges::stable_sort(ranking, std::greater{}, [&](std::size_t i) { return means(i); });

  std::printf("accuracy  std dev  model\n");
  for (const std::size_t i : ranking) {
    std::printf("%8.4f  %7.4f  %s\n", means(i), deviations(i), describe(grid[i]).c_str());
  }
}

int run(const Options& options) {
  const Dataset data = read_dataset(options.data);
  const std::vector<Model> grid = make_grid();
  const std::vector<Fold> folds = stratified_folds(data.labels, n_folds, seed);
  const int n_jobs = joblib::effective_n_jobs(options.n_jobs);

  std::printf("%zu models x %zu folds (stratified, shuffled with seed %d) of %zu images\n\n",
              grid.size(), folds.size(), seed, data.labels.size());
  const auto label = [](int jobs) { return "n_jobs = " + std::to_string(jobs); };
  const Search result = search(accuracy, data, grid, folds, n_jobs, options.backend, label(n_jobs));
  print_table(grid, result.scores);

  std::printf("\nn_jobs = %d: %.2f s\n", n_jobs, result.seconds);
  const Search serial = search(accuracy, data, grid, folds, 1, options.backend, label(1));
  std::printf("n_jobs = 1: %.2f s\n", serial.seconds);
  std::printf("speed-up: %.2f\n", serial.seconds / result.seconds);

  const joblib::Memory memory(options.cache, {.verbose = 0});
  const auto cached_accuracy = memory.cache<accuracy>();
  const auto hashed_data = joblib::hashed(data);
  std::size_t hits = 0;  // counted here: the tasks may run in other processes
  for (const Model& model : grid) {
    hits += static_cast<std::size_t>(std::ranges::count_if(folds, [&](const Fold& fold) {
      return cached_accuracy.check_call_in_cache(hashed_data, model, fold);
    }));
  }
  const Search cached =
      search(cached_accuracy, hashed_data, grid, folds, n_jobs, options.backend, "with a cache");
  std::printf("with a cache: %.2f s, %zu of %zu scores were there from a run before\n",
              cached.seconds, hits, cached.scores.size());
  if (serial.scores != result.scores || cached.scores != result.scores) {
    std::fprintf(stderr, "digits_grid_search: the three searches give different scores\n");
    return 1;
  }
  return 0;
}

}  // namespace

}  // namespace digits

int main(int argc, char** argv) {
  try {
    const digits::Options options =
        digits::parse_options(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    if (options.help) {
      std::fputs(digits::usage, stdout);
      return 0;
    }
    return digits::run(options);
  } catch (const digits::UsageError& error) {
    std::fprintf(stderr, "digits_grid_search: %s\n%s", error.what(), digits::usage);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "digits_grid_search: %s\n", error.what());
    return 1;
  }
}
