#pragma once

#include <memory>

#include "joblib/core/error.hpp"
#include "joblib/parallel/config.hpp"

namespace joblib::detail {

// What a thread's calls start from: set by parallel_config, and anew around each task.
struct Context {
  ParallelOptions options = {};                        // merged; options.backend is not used
  std::shared_ptr<ParallelBackend> backend = nullptr;  // null: the default backend
  int level = 0;       // of parallel calls around this thread's code
  int core_share = 1;  // see backend/parallel_backend.hpp
  bool in_task = false;
  bool in_cached_call = false;  // see core/detail/cached_call.hpp
};

// The context of this thread, never null.
const ContextPtr& current_context();

// `inner` with what it leaves unset taken from `outer`; their backends are left to the caller.
ParallelOptions merge(ParallelOptions inner, const ParallelOptions& outer);

// Makes `context` this thread's context for the lifetime of the object.
class ContextScope {
 public:
  explicit ContextScope(ContextPtr context);
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  ContextPtr previous_;
  bool was_in_cached_call_;
};

// The backend that `options`, made under `context`, ask for by name, object, hint and condition.
std::shared_ptr<ParallelBackend> choose_backend(const ParallelOptions& options,
                                                const Context& context);

// What n_jobs == 0 is answered with.
Error zero_jobs();

}  // namespace joblib::detail
