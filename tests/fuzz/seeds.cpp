// seeds <files> <folder>: writes what the fuzzers begin with, for each into a folder of its name.
// For load the files without their compression, for the formats their start in each of them, for
// protocol one frame of each kind.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "joblib/compress/compressor.hpp"
#include "joblib/core/error.hpp"
#include "joblib/io/memory.hpp"
#include "joblib/process/detail/protocol.hpp"

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::byte>;

Bytes read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

void write(const fs::path& path, const Bytes& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

Bytes decompressed(const Bytes& bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto compressor =
      joblib::detail::compressor_of_prefix(text.substr(0, joblib::detail::longest_prefix()));
  if (compressor == nullptr) return bytes;
  joblib::detail::MemorySource source(bytes);
  const auto content = compressor->decompress(source, 1);
  Bytes result;
  Bytes buffer(1 << 16);
  while (const std::size_t count = content->read(buffer))
    result.insert(result.end(), buffer.begin(),
                  buffer.begin() + static_cast<std::ptrdiff_t>(count));
  return result;
}

Bytes compressed(const char* format, const Bytes& bytes) {
  joblib::detail::MemorySink target;
  const auto sink = joblib::detail::find_compressor(format)->compress(target, std::nullopt, 2);
  sink->write(bytes);
  sink->finish();
  return target.take();
}

void write_frames(const fs::path& folder) {
  using joblib::detail::FrameKind;
  using joblib::detail::Protocol;
  const joblib::bytes hello =
      Protocol(Protocol::Side::worker, {.token = "token", .build_id = "id", .handler = {}}).hello();
  const auto write_frame = [&](const char* name, char begin, FrameKind kind,
                               const joblib::bytes& payload) {
    const auto header = Protocol::header(kind, payload.size());
    Bytes frame = {static_cast<std::byte>(begin)};
    frame.insert(frame.end(), header.begin(), header.end());
    frame.insert(frame.end(), payload.begin(), payload.end());
    write(folder / name, frame);
  };
  write_frame("hello", 0, FrameKind::hello, hello);
  write_frame("run", 1, FrameKind::run, joblib::bytes("request"));
  write_frame("reply", 3, FrameKind::reply, joblib::bytes("reply"));
  write_frame("failure", 3, FrameKind::failure, joblib::detail::failure_payload(1, "text"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: seeds <files> <folder>\n", stderr);
    return 2;
  }
  const fs::path target = argv[2];
  write_frames(target / "protocol");
  for (const auto& file : fs::directory_iterator(argv[1])) {
    if (file.path().extension() == ".json" || file.path().extension() == ".md") continue;
    const fs::path name = file.path().filename();
    try {
      Bytes content = decompressed(read(file.path()));
      write(target / "load" / name, content);
      constexpr std::size_t most = 1000;
      if (content.size() > most) content.resize(most);
      for (const char* const format : {"zlib", "gzip", "bz2", "xz", "lzma", "lz4", "zstd"})
        write(target / format / name, compressed(format, content));
    } catch (const joblib::Error&) {
      // broken on purpose
    }
  }
  return 0;
}
