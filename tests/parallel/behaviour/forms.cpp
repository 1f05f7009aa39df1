#include "parallel/behaviour/forms.hpp"

#include <array>
#include <list>
#include <ranges>
#include <tuple>

#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

namespace joblib::test {
namespace {

auto tasks_of(const TaskFunction& task) {
  std::vector<decltype(delayed(std::cref(task))(0))> tasks;
  for (int i = 0; i < form_tasks; ++i) tasks.push_back(delayed(std::cref(task))(i));
  return tasks;
}

template <class Range>
std::vector<int> read(Range&& results) {
  std::vector<int> values;
  for (auto&& value : results) values.push_back(value);
  return values;
}

std::vector<int> run_list(const ParallelOptions& options, const TaskFunction& task) {
  return Parallel(options)(tasks_of(task));
}

std::vector<int> run_stream(const ParallelOptions& options, const TaskFunction& task) {
  return Parallel(options)(
      stream_of([&](int i) { return delayed(std::cref(task))(i); }, form_tasks));
}

std::vector<int> run_void(const ParallelOptions& options, const TaskFunction& task) {
  std::vector<int> values(form_tasks);
  const auto store = [&](const std::stop_token& stop, int i) {
    values[static_cast<std::size_t>(i)] = task(stop, i);
  };
  std::list<decltype(delayed(store)(0))> tasks;
  for (int i = 0; i < form_tasks; ++i) tasks.push_back(delayed(store)(i));
  Parallel{options}(tasks);
  return values;
}

std::vector<int> run_tuple(const ParallelOptions& options, const TaskFunction& task) {
  const auto [a, b, c, d] =
      Parallel(options)(delayed(std::cref(task))(0), delayed(std::cref(task))(1),
                        delayed(std::cref(task))(2), delayed(std::cref(task))(3));
  return {a, b, c, d};
}

std::vector<int> run_map(const ParallelOptions& options, const TaskFunction& task) {
  return Parallel(options).map(std::cref(task), std::views::iota(0, form_tasks));
}

std::vector<int> run_outcomes(const ParallelOptions& options, const TaskFunction& task) {
  std::vector<int> values;
  for (const auto& outcome : Parallel(options).outcomes(tasks_of(task)))
    values.push_back(outcome.value_or(-1));
  return values;
}

std::vector<int> run_generator(const ParallelOptions& options, const TaskFunction& task) {
  return read(Parallel(options).generator(tasks_of(task)));
}

std::vector<int> run_generator_unordered(const ParallelOptions& options, const TaskFunction& task) {
  return read(Parallel(options).generator_unordered(tasks_of(task)));
}

}  // namespace

const std::vector<Form>& forms() {
  static const std::vector<Form> all{
      {.name = "list", .run = run_list},
      {.name = "stream", .run = run_stream},
      {.name = "void", .run = run_void},
      {.name = "tuple", .run = run_tuple},
      {.name = "map", .run = run_map},
      {.name = "outcomes", .run = run_outcomes},
      {.name = "generator", .run = run_generator, .reads = true},
      {.name = "generator_unordered", .run = run_generator_unordered, .reads = true},
  };
  return all;
}

std::vector<Form> throwing_forms() {
  std::vector<Form> found = forms();
  std::erase_if(found, [](const Form& form) { return form.name == "outcomes"; });
  return found;
}

}  // namespace joblib::test
