#include "joblib/core/detail/cached_call.hpp"

namespace joblib::detail {

bool& in_cached_call() noexcept {
  thread_local bool in_call = false;
  return in_call;
}

}  // namespace joblib::detail
