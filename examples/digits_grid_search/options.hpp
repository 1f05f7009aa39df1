#pragma once

#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>

namespace digits {

struct Options {
  int n_jobs = -1;
  std::string backend = "threading";
  std::filesystem::path data = DIGITS_CSV;
  std::filesystem::path cache = "digits_cache";
  bool help = false;
};

inline constexpr const char* usage =
    R"(usage: digits_grid_search [--n-jobs N] [--backend NAME] [--data FILE]
                          [--cache FOLDER] [--help]

  --n-jobs N      workers: a number, or -1 for all cores (default), -2 for all but one, ...
  --backend NAME  where tasks run: threading (default), loky, multiprocessing, sequential
  --data FILE     rows of 64 pixels (0 to 16) and a label (0 to 9) as CSV, gzipped or plain;
                  default: examples/data/digits.csv.gz
  --cache FOLDER  where scores are kept for the next run; default: digits_cache
)";

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads the command line without the program's name. Throws UsageError.
Options parse_options(std::span<const char* const> args);

}  // namespace digits
