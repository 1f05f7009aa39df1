#include "gate.hpp"

#include "dispatcher.hpp"

namespace joblib::detail {

WorkerTicket::~WorkerTicket() {
  if (used_.load()) return;
  gate_->enter([](Dispatcher& dispatcher) { dispatcher.lose_worker(); });
}

void WorkerTicket::run() noexcept {
  if (used_.exchange(true)) return;
  gate_->enter([](Dispatcher& dispatcher) { dispatcher.work(); });
}

}  // namespace joblib::detail
