#pragma once

namespace joblib::detail {

/// Whether this thread works for a function whose result is being computed for a cache: then it
/// waits for no other computation. Tasks of Parallel inherit it.
bool& in_cached_call() noexcept;

}  // namespace joblib::detail
