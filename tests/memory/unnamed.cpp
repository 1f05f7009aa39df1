// A program without symbols and build identity.

#include <iostream>
#include <string_view>

#include "core/file_tree.hpp"
#include "joblib/memory.hpp"

namespace {

int next(int x) { return x + 1; }

template <class Action>
bool fails(Action action, std::string_view advice) {
  try {
    action();
  } catch (const joblib::Error& error) {
    if (std::string_view(error.what()).find(advice) != std::string_view::npos) return true;
    std::cerr << error.what() << '\n';
  }
  return false;
}

}  // namespace

int main() {
  const joblib::test::FileTree folder;
  const joblib::Memory memory(folder.root(), {.verbose = 0});
  const bool needs_name = fails([&] { memory.cache(next, {.version = "1"}); }, "cache<function>()");
  const bool needs_version = fails([&] { memory.cache<next>(); }, "-Wl,--build-id");
  const auto cached = memory.cache<next>({.version = "1"});
  const bool works = cached(1) == 2 && cached.check_call_in_cache(1);
  return needs_name && needs_version && works ? 0 : 1;
}
