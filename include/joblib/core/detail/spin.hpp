#pragma once

#include <thread>

namespace joblib::detail {

/// Waits, without sleeping, for what another running thread is about to do. Each try takes some ten
/// nanoseconds; going to sleep and being woken up costs thousands. Returns whether `ready()` came
/// true.
template <class Ready>
bool spin_for(Ready ready, int tries) {
  for (int i = 0; i < tries; ++i) {
    if (ready()) return true;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }
  return false;
}

}  // namespace joblib::detail
