#pragma once

#include <memory>
#include <optional>

#include "joblib/parallel/options.hpp"

namespace joblib {

namespace detail {

struct Context;
using ContextPtr = std::shared_ptr<const Context>;

}  // namespace detail

/// Defaults for every `Parallel` made by this thread while the guard lives. Guards nest and merge
/// member by member; other threads are not affected. The backend is made once and shared by the
/// calls under it. Throws Error for options that contradict each other, changing nothing.
///
///     joblib::parallel_config guard({.n_jobs = 4, .backend = "threading"});
class [[nodiscard]] parallel_config {
 public:
  explicit parallel_config(ParallelOptions options);
  ~parallel_config();
  parallel_config(const parallel_config&) = delete;
  parallel_config& operator=(const parallel_config&) = delete;

 private:
  detail::ContextPtr previous_;
};

/// The number of tasks that a `Parallel` with this n_jobs would run at once under the active
/// parallel_config; unset asks for the configured number. 0 is an Error.
int effective_n_jobs(std::optional<int> n_jobs = -1);

}  // namespace joblib
