#pragma once

#include "joblib/backend/parallel_backend.hpp"

namespace joblib {

/// One task after the other in the calling thread; what every call with one job uses.
class SequentialBackend : public ParallelBackend {
 public:
  std::string_view name() const override { return "SequentialBackend"; }
  BackendTraits traits() const override;
  void submit(Work work) override { work(); }
  int effective_n_jobs(int n_jobs) const override;
};

}  // namespace joblib
