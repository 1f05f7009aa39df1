#pragma once

#include <cerrno>
#include <string>

namespace joblib::detail {

/// Throws the Error for `error`, an errno: e.g. "Can't write to 'a.pkl': No space left on device";
/// errc::not_found where there is no such file, errc::io_error otherwise.
[[noreturn]] void throw_io_error(const std::string& action, const std::string& name, int error);

/// Repeats a system call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace joblib::detail
