#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "joblib/parallel.hpp"

namespace joblib::test {

enum class CallForm { list, void_list, map, outcomes, tuple, ordered, unordered };
enum class Input { owned, borrowed, linked, lazy, stream };
enum class Fault {
  none,
  task_throws,
  range_throws,
  progress_throws,
  task_cancels,
  other_thread_cancels,
  left_early,
  left_to_another_thread
};
enum class Inner { none, list, generator, three_levels };

/// One call of Parallel, drawn at random.
struct RandomCall {
  RandomCall(std::uint64_t seed, std::shared_ptr<ParallelBackend> pool);

  std::uint64_t seed;
  CallForm form;
  Input input;
  Fault fault;
  Inner inner;
  int size;
  int fault_at;  // task, element, completed task or started tasks; may lie beyond the end
  bool watches_progress;
  bool configured;  // the options come from a parallel_config
  ParallelOptions options;

  std::string description() const;
};

/// Makes the call and checks everything that can be seen of it. Returns what is wrong, or nothing.
std::string check(const RandomCall& call);

}  // namespace joblib::test
