#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "joblib/io/detail/posix.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib::detail {

/// Makes a folder and those above it; one that is there, or a file in its place, is no error.
/// Returns 0 or an errno.
int make_folder(const std::filesystem::path& folder);

/// Repeats `open`, a system call for `path`, as long as its folder is missing, which it makes;
/// others may remove it at the same time. Returns what the call returned last; errno says why it
/// failed.
template <class Open>
int with_folder(const std::string& path, Open open) {
  for (int attempt = 0;; ++attempt) {
    const int result = uninterrupted(open);
    if (result >= 0 || errno != ENOENT || attempt == 100) return result;
    if (const int error = make_folder(std::filesystem::path(path).parent_path());
        error != 0 && error != ENOENT) {
      errno = error;
      return -1;
    }
  }
}

/// Calls `visit` with each file below a folder until it returns false; `name` comes before the
/// names of the items. Passes over links, names that begin with a dot, and what may not be read.
/// Throws Error where the folder is there but can't be read.
void visit_files(const std::filesystem::path& folder, const std::string& name,
                 const std::function<bool(const StoreItem&)>& visit);

/// Removes a file, or a folder with all that was in it when the call began; others may do so at the
/// same time. Throws Error.
void remove_tree(const std::filesystem::path& path);

/// As remove_tree, but the folder itself stays, and what begins with a dot in it.
void clear_folder(const std::filesystem::path& folder);

}  // namespace joblib::detail
