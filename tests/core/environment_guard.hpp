#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace joblib::test {

/// Sets an environment variable, or removes it, and restores it at the end of the scope.
class EnvironmentGuard {
 public:
  EnvironmentGuard(std::string name, const char* value) : name_(std::move(name)) {
    if (const char* old = std::getenv(name_.c_str())) old_ = old;
    set(value);
  }
  ~EnvironmentGuard() { set(old_ ? old_->c_str() : nullptr); }
  EnvironmentGuard(const EnvironmentGuard&) = delete;
  EnvironmentGuard& operator=(const EnvironmentGuard&) = delete;

 private:
  void set(const char* value) {
    if (value != nullptr) {
      setenv(name_.c_str(), value, 1);
    } else {
      unsetenv(name_.c_str());
    }
  }

  std::string name_;
  std::optional<std::string> old_;
};

}  // namespace joblib::test
