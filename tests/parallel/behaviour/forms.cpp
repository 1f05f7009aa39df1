#include "parallel/behaviour/forms.hpp"

#include <list>
#include <ranges>
#include <tuple>

#include "joblib/parallel.hpp"
#include "parallel/behaviour/shared.hpp"
#include "parallel/behaviour/tools.hpp"

namespace joblib::test {
namespace {

template <class Function>
auto tasks_of(const Function& task) {
  std::vector<decltype(delayed(task)(0))> tasks;
  tasks.reserve(form_tasks);
  for (int i = 0; i < form_tasks; ++i) tasks.push_back(delayed(task)(i));
  return tasks;
}

template <class Range>
std::vector<int> read(Range&& results) {
  std::vector<int> values;
  for (auto&& value : results) values.push_back(value);
  return values;
}

template <class Function>
std::vector<int> run_list(const ParallelOptions& options, const Function& task) {
  return Parallel(options)(tasks_of(task));
}

template <class Function>
std::vector<int> run_stream(const ParallelOptions& options, const Function& task) {
  return Parallel(options)(stream_of([&](int i) { return delayed(task)(i); }, form_tasks));
}

template <class Function>
std::vector<int> run_void(const ParallelOptions& options, const Function& task) {
  const auto store = [](const std::stop_token& stop, const Function& function, int i) {
    shared().results.at(static_cast<std::size_t>(i)) = function(stop, i);
  };
  std::list<decltype(delayed(store)(task, 0))> tasks;
  for (int i = 0; i < form_tasks; ++i) tasks.push_back(delayed(store)(task, i));
  Parallel{options}(tasks);
  return {shared().results.begin(), shared().results.end()};
}

template <class Function>
std::vector<int> run_tuple(const ParallelOptions& options, const Function& task) {
  const auto [a, b, c, d] =
      Parallel(options)(delayed(task)(0), delayed(task)(1), delayed(task)(2), delayed(task)(3));
  return {a, b, c, d};
}

template <class Function>
std::vector<int> run_map(const ParallelOptions& options, const Function& task) {
  return Parallel(options).map(task, std::views::iota(0, form_tasks));
}

template <class Function>
std::vector<int> run_outcomes(const ParallelOptions& options, const Function& task) {
  std::vector<int> values;
  for (const auto& outcome : Parallel(options).outcomes(tasks_of(task)))
    values.push_back(outcome.value_or(-1));
  return values;
}

template <class Function>
std::vector<int> run_generator(const ParallelOptions& options, const Function& task) {
  return read(Parallel(options).generator(tasks_of(task)));
}

template <class Function>
std::vector<int> run_generator_unordered(const ParallelOptions& options, const Function& task) {
  return read(Parallel(options).generator_unordered(tasks_of(task)));
}

}  // namespace

const std::vector<Form>& forms() {
  static const std::vector<Form> all{
      {.name = "list", .run = run_list, .run_capturing = run_list},
      {.name = "stream", .run = run_stream, .run_capturing = run_stream},
      {.name = "void", .run = run_void, .run_capturing = run_void},
      {.name = "tuple", .run = run_tuple, .run_capturing = run_tuple},
      {.name = "map", .run = run_map, .run_capturing = run_map},
      {.name = "outcomes", .run = run_outcomes, .run_capturing = run_outcomes},
      {.name = "generator", .run = run_generator, .run_capturing = run_generator},
      {.name = "generator_unordered",
       .run = run_generator_unordered,
       .run_capturing = run_generator_unordered},
  };
  return all;
}

std::vector<Form> throwing_forms() {
  std::vector<Form> found = forms();
  std::erase_if(found, [](const Form& form) { return form.name == "outcomes"; });
  return found;
}

}  // namespace joblib::test
