#include "joblib/parallel/options.hpp"

#include "joblib/core/error.hpp"

namespace joblib {

BatchSize::BatchSize(std::string_view text) : state_(State::set) {
  if (text != "auto") refuse("'" + std::string(text) + "'");
}

void BatchSize::refuse(const std::string& got) {
  throw Error(errc::invalid_argument,
              "batch_size must be 'auto' or a positive integer, got: " + got);
}

}  // namespace joblib
