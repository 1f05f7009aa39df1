#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "core/file_tree.hpp"
#include "core/sink_guard.hpp"
#include "joblib/memory.hpp"
#include "store/tools.hpp"

namespace joblib::test {

namespace fs = std::filesystem;

/// How often the functions of these tests have been called.
inline std::atomic<int> calls = 0;

/// How many of these calls an action makes.
template <class Action>
int calls_of(Action action) {
  const int before = calls;
  action();
  return calls - before;
}

inline int square(int x) {
  ++calls;
  return x * x;
}

/// A quiet cache in a folder of its own.
struct CacheFolder {
  FileTree folder = {};
  Memory memory = Memory(folder.root(), {.verbose = 0});
  fs::path root = folder.root() / "joblib";

  /// The folder of the only entry.
  fs::path entry() const {
    const auto entries = memory.entries();
    REQUIRE(entries.size() == 1);
    return root / entries[0].function / entries[0].args_id;
  }
};

/// The messages of a level that an action logs.
inline std::vector<std::string> logged(LogLevel level, const std::function<void()>& action) {
  std::vector<std::string> texts;
  const SinkGuard guard([&](const LogRecord& record) {
    if (record.level == level) texts.push_back(std::string(record.text));
  });
  action();
  return texts;
}

/// The text of the Error that an action throws; empty where it throws none.
template <class Action>
std::string error_text(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace joblib::test
