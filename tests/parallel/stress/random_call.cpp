#include "parallel/stress/random_call.hpp"

#include <array>
#include <random>
#include <sstream>
#include <utility>

namespace joblib::test {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  // 0 .. sides - 1
  int operator()(int sides) { return std::uniform_int_distribution(0, sides - 1)(random_); }
  bool one_in(int sides) { return (*this)(sides) == 0; }
  template <class T, std::size_t N>
  const T& pick(const std::array<T, N>& values) {
    return values[static_cast<std::size_t>((*this)(static_cast<int>(N)))];
  }

 private:
  std::mt19937_64 random_;
};

bool is_stream(CallForm form) { return form == CallForm::ordered || form == CallForm::unordered; }

Fault allowed(Fault fault, CallForm form, Input input) {
  const bool left = fault == Fault::left_early || fault == Fault::left_to_another_thread;
  if (left && !is_stream(form)) return Fault::none;
  const bool lazy = input == Input::lazy || input == Input::stream;
  if (fault == Fault::range_throws && (!lazy || form == CallForm::tuple)) return Fault::task_throws;
  return fault;
}

}  // namespace

RandomCall::RandomCall(std::uint64_t seed_, std::shared_ptr<ParallelBackend> pool) : seed(seed_) {
  Dice dice(seed);
  form = static_cast<CallForm>(dice(7));
  input = static_cast<Input>(dice(5));
  fault = allowed(dice.one_in(2) ? Fault::none : static_cast<Fault>(1 + dice(7)), form, input);
  inner = dice.one_in(4) ? static_cast<Inner>(1 + dice(3)) : Inner::none;
  size = form == CallForm::tuple ? 3 : dice.one_in(25) ? dice(2001) : dice(60);
  fault_at = dice(size + 3);
  watches_progress = fault == Fault::progress_throws || dice.one_in(6);
  configured = dice.one_in(4);

  options.n_jobs = 1 + dice(5);
  const int backend = dice(8);
  if (backend < 3) options.backend = "threading";
  if (backend == 3) options.backend = "sequential";
  if (backend == 4) options.backend = std::move(pool);
  if (dice.one_in(8)) options.timeout = std::chrono::hours(1);
  constexpr std::array pre_dispatch{"all", "1", "n_jobs", "1.5*n_jobs", "3*n_jobs - 1", "50"};
  if (dice.one_in(2)) options.pre_dispatch = dice.pick(pre_dispatch);
  constexpr std::array batch_sizes{1, 1, 2, 3, 10, 100};
  if (dice.one_in(2)) options.batch_size = dice.pick(batch_sizes);
  if (dice.one_in(8)) options.batch_size = "auto";
  if (dice.one_in(8)) options.inner_max_num_threads = 1 + dice(2);
}

std::string RandomCall::description() const {
  std::ostringstream text;
  text << "call seed " << seed << ": form " << static_cast<int>(form) << ", input "
       << static_cast<int>(input) << ", fault " << static_cast<int>(fault) << " at " << fault_at
       << ", inner " << static_cast<int>(inner) << ", size " << size << ", n_jobs "
       << options.n_jobs.value_or(0) << ", batch_size " << options.batch_size.tasks()
       << ", pre_dispatch " << options.pre_dispatch.value_or("-") << ", progress "
       << watches_progress << ", configured " << configured;
  return text.str();
}

}  // namespace joblib::test
