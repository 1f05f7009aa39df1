// Files for python_test.py: `write FOLDER` writes FOLDER/bytes compressed in all ways as
// FOLDER/<format>-<level>-<threads>, `read FOLDER` compares what FOLDER/<format>-... hold with it.

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "compress/formats.hpp"
#include "joblib/io/file.hpp"

namespace fs = std::filesystem;
using namespace joblib_test;
using namespace joblib::detail;

namespace {

Bytes content(const fs::path& path) {
  const FileDescriptor fd = open_for_reading(path);
  FileSource source(fd.get(), path);
  return read_all(source);
}

void write(const fs::path& folder) {
  const Bytes bytes = content(folder / "bytes");
  for (const std::string& format : formats()) {
    const auto compressor = find_compressor(format);
    for (int level = compressor->format().min_level; level <= compressor->format().max_level;
         ++level) {
      for (const int n_threads : {1, 3}) {
        if (n_threads > 1 && level > 6) continue;  // takes long, and proves nothing more
        AtomicFile file(folder /
                        (format + "-" + std::to_string(level) + "-" + std::to_string(n_threads)));
        const auto sink = compressor->compress(file.sink(), level, n_threads);
        write_all(*sink, bytes, 300'000);
        sink->finish();
        file.commit(false);
      }
    }
  }
}

int read(const fs::path& folder) {
  const Bytes bytes = content(folder / "bytes");
  int wrong = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    const std::string format = name.substr(0, name.find('-'));
    if (format == "bytes") continue;
    for (const int n_threads : {1, 2}) {
      const FileDescriptor fd = open_for_reading(entry.path());
      FileSource source(fd.get(), name);
      if (read_all(*find_compressor(format)->decompress(source, n_threads)) == bytes) continue;
      std::printf("%s: other bytes\n", name.c_str());
      ++wrong;
    }
  }
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  if (std::string_view(argv[1]) == "read") return read(argv[2]);
  write(argv[2]);
  return 0;
}
