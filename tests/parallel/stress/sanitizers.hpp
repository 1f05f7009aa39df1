#pragma once

namespace joblib::test {

// Clang tells by __has_feature, GCC by macros.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JOBLIB_TEST_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define JOBLIB_TEST_TSAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define JOBLIB_TEST_ASAN
#endif
#if defined(__SANITIZE_THREAD__)
#define JOBLIB_TEST_TSAN
#endif

#ifdef JOBLIB_TEST_ASAN
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif
#ifdef JOBLIB_TEST_TSAN
inline constexpr bool thread_sanitizer = true;
#else
inline constexpr bool thread_sanitizer = false;
#endif

}  // namespace joblib::test
