#pragma once

#include <map>
#include <optional>
#include <string>

namespace joblib::detail {

/// Variables that are set in the environment of a process, or replaced.
using Environment = std::map<std::string, std::string>;

/// The variables that limit the threads of OpenMP, BLAS and others in one of `n_workers` workers:
/// all of them to `inner_max_num_threads`, or, without it, those that this process doesn't have to
/// its share of the cores.
Environment thread_limits(std::optional<int> inner_max_num_threads, int n_workers);

}  // namespace joblib::detail
