#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace joblib::test {

/// A folder of its own for small files, removed at the end of the scope.
class FileTree {
 public:
  FileTree() {
    auto name = (std::filesystem::temp_directory_path() / "joblib-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    root_ = name;
  }
  ~FileTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;

  const std::filesystem::path& root() const { return root_; }

  void write(const std::filesystem::path& name, const std::string& text) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream file(root_ / name);
    file << text << std::flush;
    if (!file) throw std::runtime_error("cannot write " + (root_ / name).string());
  }

 private:
  std::filesystem::path root_;
};

}  // namespace joblib::test
