#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <span>

#include "cases.hpp"

// What the system itself needs: write(2), read(2) and mmap(2).
namespace {

using bench::fs::path;

class File {
 public:
  File(const path& path, int flags) : fd_(open(path.c_str(), flags, 0666)) { check(fd_ >= 0); }
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  static void check(bool condition) { bench::require(condition, "system"); }

  /// `call` is read or write, until all bytes are done.
  template <typename Call, typename Byte>
  void transfer(Call call, std::span<Byte> bytes) const {
    while (!bytes.empty()) {
      const auto n = call(fd_, bytes.data(), bytes.size());
      check(n > 0);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }

  int fd() const { return fd_; }

 private:
  int fd_;
};

void write_file(const std::vector<double>& values, const path& path) {
  File(path, O_WRONLY | O_CREAT | O_TRUNC).transfer(write, std::as_bytes(std::span(values)));
}

bench::Buffer<double> read_file(const path& path) {
  bench::Buffer<double> values(bench::fs::file_size(path) / sizeof(double));
  const std::span span(values.data(), values.size());
  File(path, O_RDONLY).transfer(read, std::as_writable_bytes(span));
  return values;
}

class Map {
 public:
  explicit Map(const path& path) : bytes_(bench::fs::file_size(path)) {
    const File file(path, O_RDONLY);
    data_ = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, file.fd(), 0);
    File::check(data_ != MAP_FAILED);
  }
  ~Map() { munmap(data_, bytes_); }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  const double* data() const { return static_cast<const double*>(data_); }
  std::size_t size() const { return bytes_ / sizeof(double); }

 private:
  std::size_t bytes_;
  void* data_;
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  cases.array("write(2) or read(2)", write_file, read_file);
  cases.array_map("mmap(2)", write_file, [](const path& path) { return Map(path); });
}
