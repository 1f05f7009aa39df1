#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "joblib/parallel/options.hpp"

namespace joblib::test {

/// A task of a form; what it needs beside its number is in shared().
using FormTask = int (*)(const std::stop_token&, int);

/// A task that sees the objects of its test.
using CapturingTask = std::function<int(const std::stop_token&, int)>;

/// One way to run four tasks and to receive their results, the errors of the call included.
struct Form {
  std::string name;
  /// Runs task(stop, 0) ... task(stop, 3) and returns the results, -1 for what outcomes() has kept
  /// of an error.
  std::vector<int> (*run)(const ParallelOptions& options, const FormTask& task);
  std::vector<int> (*run_capturing)(const ParallelOptions& options, const CapturingTask& task);
};

inline constexpr int form_tasks = 4;

const std::vector<Form>& forms();

/// Those that throw the errors of tasks: all but outcomes().
std::vector<Form> throwing_forms();

}  // namespace joblib::test
