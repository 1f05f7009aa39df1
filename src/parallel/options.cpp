#include "joblib/parallel/options.hpp"

#include "joblib/core/error.hpp"

namespace joblib {

BatchSize::BatchSize(std::string_view text) : state_(State::set) {
  if (text != "auto") {
    throw Error(errc::invalid_argument, "batch_size must be 'auto' or a positive integer, got: '" +
                                            std::string(text) + "'");
  }
}

BatchSize::BatchSize(Fixed fixed)
    : state_(State::set), tasks_(static_cast<std::size_t>(fixed.tasks)) {
  if (fixed.tasks < 1) {
    throw Error(errc::invalid_argument, "batch_size must be 'auto' or a positive integer, got: " +
                                            std::to_string(fixed.tasks));
  }
}

}  // namespace joblib
