// The system calls and digests that a cache can't do without.

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <span>

#include "cases.hpp"

namespace {

[[noreturn]] void fail(const char* action) {
  std::perror(action);
  std::exit(1);
}

void hash(std::span<const std::byte> bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_md5(), nullptr);
}

void write_file(const std::string& folder, const std::string& name,
                std::span<const std::byte> bytes) {
  const std::string temporary = folder + "/../../.temporary", path = folder + '/' + name;
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (count <= 0) fail("write");
    done += static_cast<std::size_t>(count);
  }
  ::close(fd);
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail("rename");
}

void read_file(const std::string& path, std::span<std::byte> bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::read(fd, bytes.data() + done, bytes.size() - done);
    if (count <= 0) fail("read");
    done += static_cast<std::size_t>(count);
  }
  ::close(fd);
}

std::vector<std::string> files_of(const std::filesystem::path& cache) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(cache))
    if (entry.path().filename() == "output.pkl") files.push_back(entry.path().string());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  const std::string name = "system";
  const std::string folder = (cases.new_folder() / "joblib/function/").string();
  std::filesystem::create_directories(folder);
  std::array<std::byte, 5> output{};
  std::array<std::byte, 80> metadata{};

  const auto entry_of = [&](int i) {
    std::string digits = std::to_string(i);
    digits.insert(0, 32 - digits.size(), '0');  // as long as a digest
    return folder + digits;
  };
  const auto make = [&](int i) {
    const std::string entry = entry_of(i);
    hash(metadata);
    const int fd = ::open((entry + "/output.pkl").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) ::close(fd);
    ::mkdir(entry.c_str(), 0777);
    write_file(entry, "output.pkl", output);
    write_file(entry, "metadata.json", metadata);
  };

  if (cases.name() == "small") {
    constexpr int first_hit = 1'000'000'000;
    for (int i = 0; i < cases.calls; ++i) make(first_hit + i);
    const auto hit = [&](int i) {
      hash(metadata);
      read_file(entry_of(first_hit + i) + "/output.pkl", output);
    };
    cases.small("hit", name, true, hit);
    cases.scaling(name, hit);
    cases.small("miss", name, false, make);
  }

  if (cases.name() == "many") {
    std::vector<std::string> files = files_of(cases.folder().parent_path() / "memory_joblib_cpp");
    std::shuffle(files.begin(), files.end(), std::mt19937());
    cases.small("random", name, false, [&](int i) {
      hash(metadata);
      read_file(files[static_cast<std::size_t>(i) % files.size()], output);
    });
  }

  if (cases.name().starts_with("array_")) {
    const std::vector<double> values = cases.array();
    const auto bytes = std::as_bytes(std::span(values));
    const std::string entry = folder + "array";
    ::mkdir(entry.c_str(), 0777);
    write_file(entry, "output.pkl", bytes);
    cases.large("hit", name, [&] {
      hash(bytes);
      std::vector<double> result(values.size());
      read_file(entry + "/output.pkl", std::as_writable_bytes(std::span(result)));
      return result;
    });
    if (cases.name() == "array_100MB") cases.large("mapped", name, [&] { hash(bytes); });
  }
}
