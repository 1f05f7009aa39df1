// What a task can be: any call, with copied, referenced or moved arguments.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iostream>
#include <joblib/joblib.hpp>
#include <memory>
#include <numeric>
#include <ranges>
#include <string>
#include <vector>

using joblib::delayed, joblib::Parallel;

// [functions]
std::ptrdiff_t count_words(const std::string& text) { return std::ranges::count(text, ' ') + 1; }

double mean(const std::vector<double>& values) {
  return std::reduce(values.begin(), values.end()) / static_cast<double>(values.size());
}
// [functions]

void run_different_tasks() {
  const std::string text = "to be or not to be";
  const std::vector<double> values = {1, 2, 3, 4};
  // [tuple]
  const auto [words, average] =
      Parallel({.n_jobs = 2})(delayed(count_words)(text), delayed(mean)(values));
  // [tuple]
  std::cout << words << " words, mean " << average << '\n';
}

void run_a_list() {
  const std::vector<double> values = {2, 4, 6};
  // [list]
  std::vector tasks = {delayed(mean)(std::vector<double>{1, 2})};
  tasks.push_back(delayed(mean)(values));  // holds a copy of `values`
  const std::vector<double> means = Parallel({.n_jobs = 2})(tasks);
  // [list]
  std::cout << "means " << means[0] << " and " << means[1] << '\n';
}

void pass_references() {
  // [references]
  std::vector<std::vector<double>> columns = {{3, 1, 2}, {9, 7, 8}};
  auto sort_column = [](std::vector<double>& column) { std::ranges::sort(column); };
  Parallel({.n_jobs = 2})(columns | std::views::transform([&](std::vector<double>& column) {
                            return delayed(sort_column)(std::ref(column));
                          }));
  // [references]
  std::cout << "smallest " << columns[0][0] << " and " << columns[1][0] << '\n';
}

void move_arguments() {
  // [moved]
  auto twice = [](std::unique_ptr<int> value) {
    *value *= 2;
    return value;
  };
  const std::vector<std::unique_ptr<int>> doubled =
      Parallel({.n_jobs = 2})(std::views::iota(1, 4) | std::views::transform([&](int i) {
                                return delayed(twice)(std::make_unique<int>(i));
                              }));
  // [moved]
  std::cout << "doubled " << *doubled[0] << ' ' << *doubled[1] << ' ' << *doubled[2] << '\n';
}

// [account]
struct Account {
  double balance = 100;
  double after(int years, double rate) const { return balance * (1 + rate * years); }
};
// [account]

void call_members() {
  // [member]
  const Account account;
  const auto [soon, late] =
      Parallel({.n_jobs = 2})(delayed(&Account::after)(std::cref(account), 1, 0.5),
                              delayed(&Account::after)(std::cref(account), 10, 0.5));
  // [member]
  std::cout << "balance " << soon << ", later " << late << '\n';
}

int main() {
  run_different_tasks();
  run_a_list();
  pass_references();
  move_arguments();
  call_members();
}
