#pragma once

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#else
#include <thread>
#endif

namespace joblib::detail {

// Waits for what another running thread is about to do: some microseconds, much less than going to
// sleep and being woken up costs. Returns whether `ready()` became true.
template <class Ready>
bool spin_for(Ready ready) {
  constexpr int tries = 300;
  for (int i = 0; i < tries; ++i) {
    if (ready()) return true;
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#else
    std::this_thread::yield();
#endif
  }
  return false;
}

}  // namespace joblib::detail
