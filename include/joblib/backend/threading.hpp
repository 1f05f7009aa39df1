#pragma once

#include "joblib/backend/parallel_backend.hpp"

namespace joblib {

/// Threads of this process, from one pool shared by all calls. The pool starts threads when they
/// are needed, one for each Work that is waiting or running, so that calls inside of tasks never
/// wait for a free thread, and keeps them for later calls until shutdown(). The calling thread
/// works too.
class ThreadingBackend : public ParallelBackend {
 public:
  std::string_view name() const override { return "ThreadingBackend"; }
  BackendTraits traits() const override;
  void submit(Work work) override;
  int effective_n_jobs(int n_jobs) const override;
};

namespace detail {

// Waits for the pool's work to end and joins its threads; a later submit starts new ones. Not to be
// called by that work.
void shutdown_thread_pool();

}  // namespace detail

}  // namespace joblib
