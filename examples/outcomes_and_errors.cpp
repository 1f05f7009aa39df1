// What a call does when a task throws, and how to get all results in spite of it.

#include <cstddef>
#include <exception>
#include <iostream>
#include <joblib/joblib.hpp>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

using joblib::delayed, joblib::Parallel;

// [parse]
int parse(const std::string& text) { return std::stoi(text); }  // throws std::invalid_argument
// [parse]

int main() {
  const std::vector<std::string> texts = {"12", "x", "7"};

  // [first_error]
  Parallel parallel({.n_jobs = 2});
  try {
    parallel.map(parse, texts);
  } catch (const std::invalid_argument&) {
    std::cout << "one of the texts is no number\n";
  }
  // [first_error]

  // [outcomes]
  const auto outcomes = parallel.outcomes(texts | std::views::transform(delayed(parse)));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (outcomes[i]) {
      std::cout << texts[i] << " is " << *outcomes[i] << '\n';
      continue;
    }
    try {
      std::rethrow_exception(outcomes[i].error());
    } catch (const std::exception& error) {
      std::cout << texts[i] << " fails: " << error.what() << '\n';
    }
  }
  // [outcomes]

  // [value_or]
  int sum = 0;
  for (const auto& outcome : outcomes) sum += outcome.value_or(0);
  // [value_or]
  std::cout << "sum " << sum << '\n';

  // [own_errors]
  try {
    Parallel({.n_jobs = 0}).map(parse, texts);
  } catch (const joblib::Error& error) {
    std::cout << error.what() << '\n';
  }
  // [own_errors]
}
