#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "joblib/core/error.hpp"

namespace joblib::detail {

/// A value, or a part of it, has no counterpart in the other language, or not in the type that is
/// asked for. The path to the part is put together on the way out: "at ['key'][3]: problem".
class Mismatch : public Error {
 public:
  Mismatch(errc code, std::string problem)
      : Error(code, problem), problem_(std::move(problem)), text_(problem_) {}

  /// Puts a step in front of the path.
  void prepend(std::string_view step) {
    path_.insert(0, step);
    text_ = "at " + path_ + ": " + problem_;
  }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string problem_;
  std::string path_ = {};
  std::string text_;
};

/// A step of a path: "[3]", "['key']".
std::string step(std::size_t index);
std::string step(std::string_view key);

/// Calls `action`; a mismatch in it gets the step that `make_step` makes. Inlined, since items are
/// often as cheap as a call.
template <class MakeStep, class Action>
[[gnu::always_inline]] inline decltype(auto) inside(MakeStep make_step, Action action) {
  try {
    return action();
  } catch (Mismatch& mismatch) {
    mismatch.prepend(make_step());
    throw;
  }
}

}  // namespace joblib::detail
