#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace joblib::detail {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// A file of C. The streams of C++ lock a mutex when they are made, once there is another global
/// locale than "C", and a child may be forked while another thread has it.
using CFile = std::unique_ptr<std::FILE, CloseFile>;

/// Null if it can't be read.
inline CFile open_to_read(const std::string& path) { return CFile(std::fopen(path.c_str(), "re")); }

}  // namespace joblib::detail
